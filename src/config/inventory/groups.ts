import type { HostName } from '../../model/host.ts';
import { CODE } from '../codes.ts';
import { didYouMean } from '../did-you-mean.ts';
import { ALL } from '../names.ts';
import type { RawGroup } from '../schema.ts';
import { show } from '../show.ts';
import { type Build, entriesOf } from './build.ts';
import type { Hosts } from './hosts.ts';

export const MAX_GROUP_DEPTH = 32;

export type GroupDraft = {
  readonly name: string;
  readonly entry: RawGroup;
  readonly children: readonly string[];
  /** Steps from the top; a child is always deeper than its parents. */
  readonly depth: number;
};

export type Groups = {
  /** Farthest first: what a later group says wins over an earlier one. */
  readonly drafts: readonly GroupDraft[];
  /** Members in the order of the hosts, `all` included. */
  readonly members: ReadonlyMap<string, readonly HostName[]>;
  /** Groups of each host, farthest first, without `all`. */
  readonly of: ReadonlyMap<HostName, readonly GroupDraft[]>;
};

type Node = { readonly entry: RawGroup; readonly children: readonly string[] };

export function resolveGroups(build: Build, hosts: Hosts): Groups {
  const nodes = readNodes(build);
  const order = sortByParents(build, nodes);
  const depths = depthsOf(build, nodes, order);
  const sets = memberSets(build, nodes, order, hosts);

  const names = [...nodes.keys()];
  const members = new Map<string, readonly HostName[]>([[ALL, [...hosts.drafts.keys()]]]);
  const hostNames = [...hosts.drafts.keys()];
  const position = new Map(hostNames.map((name, index) => [name, index]));
  for (const name of names) {
    const indices = Uint32Array.from(sets.get(name) ?? [], (host) => position.get(host) ?? 0).sort();
    const inOrder = [...indices].map((index) => hostNames[index] ?? '');
    members.set(name, inOrder);
    if (inOrder.length === 0) {
      build.warn(CODE.emptyGroup, `the group ${name} has no hosts`, { path: ['groups', name], side: 'key' });
    }
  }
  const drafts = [...nodes].map(([name, node]) => ({ name, ...node, depth: depths.get(name) ?? 0 }));
  // The sort is stable, so among equals the order of the file decides.
  drafts.sort((a, b) => a.depth - b.depth);
  const of = new Map<HostName, GroupDraft[]>([...hosts.drafts.keys()].map((name) => [name, []]));
  for (const draft of drafts) for (const host of members.get(draft.name) ?? []) of.get(host)?.push(draft);
  return { drafts, members, of };
}

function readNodes(build: Build): ReadonlyMap<string, Node> {
  const entries = entriesOf(build, ['groups'], build.raw.groups);
  const names = entries.map(([name]) => name);
  const known = new Set(names);
  const nodes = new Map<string, Node>();
  for (const [name, entry] of entries) {
    if (name === ALL) {
      const place = { path: ['groups', name], side: 'key' } as const;
      build.fail(CODE.nameClash, `"${ALL}" is the group of all hosts and cannot be defined`, place, () => {
        return 'use defaults and vars at the top of the file';
      });
      continue;
    }
    const children = entry?.children ?? [];
    for (const [index, child] of children.entries()) {
      if (known.has(child)) continue;
      const place = { path: ['groups', name, 'children', index] };
      build.fail(CODE.unknownGroup, `no group is called ${show(child)}`, place, () =>
        didYouMean(child, names),
      );
    }
    nodes.set(name, {
      entry: entry ?? {},
      children: children.filter((child) => known.has(child) && child !== ALL),
    });
  }
  return nodes;
}

/** Parents before children. Groups in a cycle are reported and left out. */
function sortByParents(build: Build, nodes: ReadonlyMap<string, Node>): readonly string[] {
  const waiting = new Map<string, number>([...nodes.keys()].map((name) => [name, 0]));
  for (const { children } of nodes.values()) {
    for (const child of children) waiting.set(child, (waiting.get(child) ?? 0) + 1);
  }
  const order = [...waiting].filter(([, parents]) => parents === 0).map(([name]) => name);
  for (let next = 0; next < order.length; next++) {
    for (const child of nodes.get(order[next] ?? '')?.children ?? []) {
      const parents = (waiting.get(child) ?? 0) - 1;
      waiting.set(child, parents);
      if (parents === 0) order.push(child);
    }
  }
  if (order.length < nodes.size) reportCycle(build, nodes, new Set(order));
  return order;
}

function reportCycle(build: Build, nodes: ReadonlyMap<string, Node>, sorted: ReadonlySet<string>): void {
  const done = new Set(sorted);
  for (const start of nodes.keys()) {
    const trail: string[] = [];
    let at: string | undefined = start;
    while (at !== undefined && !done.has(at)) {
      done.add(at);
      trail.push(at);
      at = nodes.get(at)?.children.find((child) => !sorted.has(child));
    }
    const first = at === undefined ? -1 : trail.indexOf(at);
    if (at === undefined || first === -1) continue;
    const cycle = [...trail.slice(first), at];
    const last = cycle.at(-2) ?? at;
    const index = nodes.get(last)?.entry.children?.indexOf(at) ?? 0;
    const place = { path: ['groups', last, 'children', index] };
    build.fail(CODE.groupCycle, `groups contain each other: ${cycle.join(' > ')}`, place);
  }
}

function depthsOf(
  build: Build,
  nodes: ReadonlyMap<string, Node>,
  order: readonly string[],
): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  for (const name of order) {
    const depth = depths.get(name) ?? 0;
    depths.set(name, depth);
    for (const child of nodes.get(name)?.children ?? []) {
      depths.set(child, Math.max(depths.get(child) ?? 0, depth + 1));
    }
  }
  const deepest = [...depths].find(([, depth]) => depth === MAX_GROUP_DEPTH);
  if (deepest !== undefined) {
    const place = { path: ['groups', deepest[0]], side: 'key' } as const;
    build.fail(CODE.groupDepth, `groups are nested more than ${MAX_GROUP_DEPTH} deep`, place);
  }
  return depths;
}

function memberSets(
  build: Build,
  nodes: ReadonlyMap<string, Node>,
  order: readonly string[],
  hosts: Hosts,
): ReadonlyMap<string, ReadonlySet<HostName>> {
  const sets = new Map<string, Set<HostName>>();
  for (const name of order.toReversed()) {
    const set = new Set(hosts.listed.get(name));
    for (const child of nodes.get(name)?.children ?? []) {
      const inner = sets.get(child) ?? new Set();
      if (build.spend(inner.size)) for (const host of inner) set.add(host);
    }
    sets.set(name, set);
  }
  return sets;
}
