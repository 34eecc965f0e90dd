import type { Connection } from '../../model/host.ts';
import { addressFault, bareAddress } from '../address.ts';
import { CODE } from '../codes.ts';
import { expandPath } from '../paths.ts';
import type { RawConnection } from '../schema.ts';
import { show } from '../show.ts';
import type { Path } from '../yaml/source.ts';
import type { Build } from './build.ts';
import type { GroupDraft } from './groups.ts';
import type { HostDraft } from './hosts.ts';

/** A jump list and where it stands; one that a host inherits may name the host itself. */
export type JumpList = {
  readonly hosts: readonly string[];
  readonly path: Path;
  readonly inherited: boolean;
};

export type ConnectionDraft = Omit<Connection, 'jump'> & { readonly jump: JumpList | undefined };

type Layer = { readonly settings: RawConnection; readonly path: Path };

/** Connection of a host: defaults, then its groups from far to near, then the host itself; the last one wins. */
export function connectionOf(build: Build, host: HostDraft, groups: readonly GroupDraft[]): ConnectionDraft {
  const own: Layer[] = host.entry === undefined ? [] : [{ settings: host.entry, path: host.path }];
  const layers: readonly Layer[] = [
    { settings: build.raw.defaults ?? {}, path: ['defaults'] },
    ...groups.map((group) => ({ settings: group.entry, path: ['groups', group.name] })),
    ...own,
  ];
  const last = <K extends keyof RawConnection>(key: K): RawConnection[K] =>
    layers.findLast(({ settings }) => settings[key] !== undefined)?.settings[key];
  const [port, user] = [last('port'), last('user')];
  const paths = (key: 'identity' | 'known_hosts') =>
    listOf(last(key)).map((path) => expandPath(path, build.around.home, build.around.dir));
  const unset = [
    ...(host.address === undefined ? (['address'] as const) : []),
    ...(port === undefined ? (['port'] as const) : []),
    ...(user === undefined ? (['user'] as const) : []),
  ];
  return {
    address: addressOf(build, host),
    port: port ?? 22,
    user: user ?? build.around.user,
    identities: paths('identity'),
    knownHosts: paths('known_hosts'),
    hostKeys: listOf(last('host_key')),
    transport: last('transport') ?? 'auto',
    jump: jumpOf(layers, host),
    ...(unset.length === 0 ? {} : { unset }),
  };
}

function addressOf(build: Build, host: HostDraft): string {
  const address = host.address ?? host.name;
  const fault = addressFault(address);
  const { path, side } = host;
  const place = host.address === undefined ? { path, side } : { path: [...path, 'address'] };
  if (fault !== undefined) build.fail(CODE.badAddress, `the address ${show(address)} ${fault}`, place);
  return bareAddress(address);
}

function jumpOf(layers: readonly Layer[], host: HostDraft): JumpList | undefined {
  const layer = layers.findLast(({ settings }) => settings.jump !== undefined);
  if (layer?.settings.jump === undefined) return undefined;
  const inherited = layer.settings !== host.entry;
  return { hosts: listOf(layer.settings.jump), path: [...layer.path, 'jump'], inherited };
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
