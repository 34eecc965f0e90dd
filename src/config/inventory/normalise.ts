import { type Hop, type Host, type Instance, instanceId, unitName } from '../../model/host.ts';
import type { Inventory } from '../../model/inventory.ts';
import type { Vars } from '../../model/json.ts';
import { CODE } from '../codes.ts';
import { unpadded } from '../did-you-mean.ts';
import { ALL } from '../names.ts';
import { mergeVars, varsOf } from '../vars.ts';
import { refuseSameAddress } from './addresses.ts';
import type { Build } from './build.ts';
import { type ConnectionDraft, connectionOf } from './connection.ts';
import { cordonOf } from './cordon.ts';
import { type GroupDraft, type Groups, resolveGroups } from './groups.ts';
import { collectHosts, type HostDraft, type Hosts } from './hosts.ts';
import { resolveJumps } from './jump.ts';
import { checkPorts, type Placed } from './ports.ts';
import { resolveServices, type ServiceDraft } from './services.ts';

type Parts = {
  readonly hosts: Hosts;
  readonly groups: Groups;
  readonly connections: ReadonlyMap<string, ConnectionDraft>;
  readonly jumps: ReadonlyMap<string, readonly Hop[]>;
  readonly services: readonly ServiceDraft[];
};

/**
 * From what the file says to what it means, then the rules across hosts. Problems go to `build`; `undefined` when the
 * file asks for too much.
 */
export function normalise(build: Build, name: string): Inventory | undefined {
  const hosts = collectHosts(build);
  const groups = resolveGroups(build, hosts);
  noteUndescribed(build, hosts);
  if (!build.spend(0)) return undefined;
  const drafts = [...hosts.drafts.values()];
  const connections = new Map(
    drafts.map((host) => [host.name, connectionOf(build, host, groups.of.get(host.name) ?? [])]),
  );
  const jumps = resolveJumps(build, connections);
  const bare = new Map(drafts.map((host) => [host.name, { ...domainsOf(host, groups), instances: [] }]));
  const services = resolveServices(build, hosts, { hosts: bare, groups: groups.members });
  const placed = new Map<string, readonly Placed[]>();
  const parts: Parts = { hosts, groups, connections, jumps, services };
  const built = new Map(drafts.map((host) => [host.name, buildHost(build, host, parts, placed)]));
  if (!build.spend(0)) return undefined;
  refuseSameAddress(build, built, hosts.drafts);
  checkPorts(build, built.values(), placed);
  return {
    name,
    file: build.source.file,
    hosts: built,
    groups: groups.members,
    services: services.map((service) => service.name),
  };
}

function buildHost(
  build: Build,
  host: HostDraft,
  parts: Parts,
  placed: Map<string, readonly Placed[]>,
): Host {
  const groups = parts.groups.of.get(host.name) ?? [];
  const connection = parts.connections.get(host.name);
  if (connection === undefined) throw new Error(`no connection for ${host.name}`);
  const own = placeInstances(build, host, parts.services, groups);
  placed.set(host.name, own);
  const cordon = cordonOf(build, host);
  return {
    name: host.name,
    connection: { ...connection, jump: parts.jumps.get(host.name) ?? [] },
    groups: [...groups.map((group) => group.name).toReversed(), ALL],
    ...domainsOf(host, parts.groups),
    ...(cordon === undefined ? {} : { cordon }),
    vars: layered(build, host, groups, [], []),
    instances: own.map(({ instance }) => instance),
  };
}

function placeInstances(
  build: Build,
  host: HostDraft,
  services: readonly ServiceDraft[],
  groups: readonly GroupDraft[],
): readonly Placed[] {
  return services.flatMap((service) =>
    (service.hosts.get(host.name) ?? []).map((draft) => {
      const instance: Instance = {
        id: instanceId(host.name, draft.name),
        host: host.name,
        service: service.name,
        name: draft.name,
        unit: unitName(service.name, draft.name),
        vars: layered(build, host, groups, [service.vars], [draft.vars]),
      };
      return { instance, draft };
    }),
  );
}

/** The one order of precedence: top, service, groups from far to near, host, instance, command line. */
function layered(
  build: Build,
  host: HostDraft,
  groups: readonly GroupDraft[],
  service: readonly Vars[],
  instance: readonly Vars[],
): Vars {
  const layers = [
    varsOf(build.raw.vars),
    ...service,
    ...groups.map((group) => varsOf(group.entry.vars)),
    varsOf(host.entry?.vars),
    ...instance,
    build.around.extraVars,
  ];
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  return build.spend(size) ? mergeVars(...layers) : new Map();
}

function domainsOf(host: HostDraft, groups: Groups): { readonly zone?: string; readonly region?: string } {
  const layers = [...(groups.of.get(host.name) ?? []).map((group) => group.entry), host.entry ?? {}];
  const zone = layers.findLast((layer) => layer.zone !== undefined)?.zone;
  const region = layers.findLast((layer) => layer.region !== undefined)?.region;
  return { ...(zone === undefined ? {} : { zone }), ...(region === undefined ? {} : { region }) };
}

/** `edge-1` in a group and `edge-01` under `hosts:` is a slip that would make a host out of nothing. */
function noteUndescribed(build: Build, hosts: Hosts): void {
  const described = new Map<string, string>();
  for (const { name, entry } of hosts.drafts.values())
    if (entry !== undefined) described.set(unpadded(name), name);
  for (const host of hosts.drafts.values()) {
    const twin = host.entry === undefined ? described.get(unpadded(host.name)) : undefined;
    if (twin === undefined) continue;
    const message = `${host.name} has no entry under hosts, but ${twin} has`;
    build.warn(CODE.undescribedHost, message, { path: host.path }, () => `did you mean "${twin}"?`);
  }
}
