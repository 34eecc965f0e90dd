import type { Host, Instance } from '../../model/host.ts';
import { CODE } from '../codes.ts';
import { show } from '../show.ts';
import type { Path } from '../yaml/source.ts';
import type { Build } from './build.ts';
import type { InstanceDraft } from './instances.ts';

/** An instance with the place of each of its own variables. */
export type Placed = { readonly instance: Instance; readonly draft: InstanceDraft };

type Use = { readonly instance: Instance; readonly key: string; readonly port: number; readonly path: Path };

const PORT_KEY = /(?:^|_)port$/;

/**
 * Instances of one host must not listen on the same port. Only `port` and `..._port` count, and only where instances
 * set them: a port in the variables of a group or a service may well be one that all of them connect to.
 */
export function checkPorts(
  build: Build,
  hosts: Iterable<Host>,
  placed: ReadonlyMap<string, readonly Placed[]>,
): void {
  for (const host of hosts) {
    const taken = new Map<number, Use>();
    for (const use of usesOf(build, placed.get(host.name) ?? [])) {
      const other = taken.get(use.port);
      if (other === undefined) taken.set(use.port, use);
      else refuse(build, other, use);
    }
  }
}

function usesOf(build: Build, all: readonly Placed[]): readonly Use[] {
  const keys = new Map<string, Set<string>>();
  for (const { instance, draft } of all) {
    const known = keys.get(instance.service) ?? new Set();
    for (const key of draft.vars.keys()) if (PORT_KEY.test(key)) known.add(key);
    keys.set(instance.service, known);
  }
  return all.flatMap(({ instance, draft }) =>
    [...(keys.get(instance.service) ?? [])].flatMap((key) => {
      const path = draft.places.get(key) ?? ['services', instance.service];
      const port = instance.vars.get(key);
      if (port === undefined) return [];
      if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535) {
        return [{ instance, key, port, path }];
      }
      const shown = show(port);
      build.fail(
        CODE.badPort,
        `${key} must be a whole number from 1 to 65535, not ${shown}`,
        { path },
        () => {
          return build.around.extraVars.has(key) ? 'it was given with -e' : undefined;
        },
      );
      return [];
    }),
  );
}

function refuse(build: Build, first: Use, second: Use): void {
  const message = `two ports of ${first.instance.host} are the same: ${first.port}`;
  build.clash(CODE.samePort, message, [
    { path: first.path, name: `${first.instance.id} ${first.key}` },
    { path: second.path, name: `${second.instance.id} ${second.key}` },
  ]);
}
