import type { Hop, HostName } from '../../model/host.ts';
import { CODE } from '../codes.ts';
import { didYouMean } from '../did-you-mean.ts';
import { show } from '../show.ts';
import type { Build } from './build.ts';
import type { ConnectionDraft } from './connection.ts';

/** Hops to one host, those in between included. */
export const MAX_HOPS = 8;

type Drafts = ReadonlyMap<HostName, ConnectionDraft>;

/** Hops from the controller outwards for every host; a hop that itself needs hops brings them along. */
export function resolveJumps(build: Build, drafts: Drafts): ReadonlyMap<HostName, readonly Hop[]> {
  const chains = new Map<HostName, readonly Hop[]>();
  const reported = new Set<string>();
  const once = (key: string, report: () => void) => {
    if (!reported.has(key)) report();
    reported.add(key);
  };

  const chainOf = (name: HostName, trail: readonly HostName[]): readonly Hop[] => {
    const known = chains.get(name);
    const draft = drafts.get(name);
    if (known !== undefined || draft === undefined) return known ?? [];
    const hops = new Map<HostName, Hop>();
    const { list, place } = jumpsFrom(name, draft);
    for (const [index, hop] of list.slice(0, MAX_HOPS + 1).entries()) {
      const at = place(index);
      const target = drafts.get(hop);
      if (target === undefined) {
        const hint = () => didYouMean(hop, drafts.keys()) ?? 'a jump host must be a host of this inventory';
        once(JSON.stringify(at), () =>
          build.fail(CODE.unknownJump, `no host is called ${show(hop)}`, at, hint),
        );
        continue;
      }
      const loop = [...trail, name];
      if (loop.includes(hop)) {
        const cycle = [...loop.slice(loop.indexOf(hop)), hop];
        const message = `the way to ${hop} leads through itself: ${cycle.join(' > ')}`;
        once(cycleKey(cycle), () => build.fail(CODE.jumpCycle, message, at));
        continue;
      }
      if (trail.length >= MAX_HOPS) {
        once('length', () => build.fail(CODE.jumpLength, `more than ${MAX_HOPS} jump hosts in a row`, at));
        continue;
      }
      for (const before of chainOf(hop, loop)) hops.set(before.name, before);
      hops.set(hop, hopOf(hop, target));
    }
    const chain = [...hops.values()];
    if (chain.length > MAX_HOPS) {
      const message = `more than ${MAX_HOPS} jump hosts in a row`;
      once('length', () => build.fail(CODE.jumpLength, message, place(0)));
    }
    const kept = chain.slice(0, MAX_HOPS + 1);
    chains.set(name, kept);
    return kept;
  };

  for (const name of drafts.keys()) chainOf(name, []);
  return chains;
}

/** What a host inherits applies to the bastion too, but only up to itself: nobody jumps through himself. */
function jumpsFrom(name: HostName, { jump }: ConnectionDraft) {
  if (jump === undefined) return { list: [], place: () => ({ path: [] }) };
  const self = jump.inherited ? jump.hosts.indexOf(name) : -1;
  const list = self === -1 ? jump.hosts : jump.hosts.slice(0, self);
  const place = (index: number) => ({ path: list.length > 1 ? [...jump.path, index] : jump.path });
  return { list, place };
}

function hopOf(name: HostName, draft: ConnectionDraft): Hop {
  const { jump: _jump, transport: _transport, ...connection } = draft;
  return { name, ...connection };
}

function cycleKey(cycle: readonly HostName[]): string {
  return [...new Set(cycle)].sort((a, b) => (a < b ? -1 : 1)).join('>');
}
