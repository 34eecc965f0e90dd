import type { Strategy } from '../../src/model/strategy.ts';
import type { Fault } from './faults.ts';
import { OPERATORS, PAIRS, parsePair } from './faults.ts';
import type { Program } from './host/systemd.ts';
import { Random } from './random.ts';
import { OTHER_UNIT, UNIT } from './releases.ts';

/** Everything that is decided before a run begins. */
export type Scenario = {
  readonly hosts: number;
  /** Instances on each host. */
  readonly instances: number;
  readonly firstInstall: boolean;
  readonly newUnit: string;
  readonly strategy: Partial<Strategy>;
  /** What the new release does on each host. */
  readonly programs: readonly Program[];
  readonly faults: readonly Fault[];
  /** How often somebody comes back for a deployment whose controller has gone, and after how long, milliseconds. */
  readonly resumes: readonly number[];
  readonly agentThere: boolean;
  /** Nobody's record is left: the hosts are settled by their own, once while faults still happen. */
  readonly settled: boolean;
  /** A second operator comes while the first is frozen. */
  readonly overtaken: boolean;
  /** In front of all hosts; none: nothing is drained. */
  readonly balancers: number;
  /** How long a drain waits for requests in flight, milliseconds. */
  readonly drainMs: number;
  /** How long each of those who look at the hosts in the same moment thinks about it, milliseconds; [] where one is alone. */
  readonly together: readonly number[];
};

const GOOD: Program = { kind: 'good' };

/** What must be so that a place is come by at all. */
function needs(place: string): {
  readonly bad?: 'first' | 'last';
  readonly unit?: true;
  readonly fresh?: boolean;
  readonly resumed?: true;
  readonly rebooted?: true;
  readonly agentThere?: true;
  readonly onUnreachable?: 'skip' | 'defer';
  readonly settled?: true;
  readonly drained?: true;
  /** What has to happen first; the first time that it can. */
  readonly after?: { readonly place: string; readonly kind: string };
} {
  if (/^event\.drain\.failed/.test(place))
    return { drained: true, fresh: false, after: at('step.drain.note', 'dark') };
  if (/^event\.undrain\.failed/.test(place))
    return { drained: true, fresh: false, after: at('step.undrain.set', 'dark') };
  if (/^step\.undrain\.start/.test(place)) return { drained: true, fresh: false, after: KILLED };
  if (/^(call\.drain|event\.(un)?drain|step\.(un)?drain)/.test(place)) return { drained: true, fresh: false };
  if (/^event\.revert\.failed/.test(place))
    return { bad: 'last', fresh: true, after: at('step.takeback.rename', 'dark') };
  if (/^step\.takeback/.test(place)) return { bad: 'last', fresh: true };
  if (/^step\.(prepare\.(undo|mark)|unit\.remove)/.test(place)) return { fresh: true, bad: 'first' };
  if (/^step\.restore\.reload/.test(place)) return { bad: 'first', unit: true };
  if (/^step\.(restore|rollback)|^call\.(rollback|undo)/.test(place)) return { bad: 'first', fresh: false };
  if (/^event\.(instance\.failed|rollback|revert|instance\.reverted)/.test(place)) return { bad: 'last' };
  if (/^step\.(unit|volatile)/.test(place)) return { unit: true };
  if (/^step\.boot/.test(place)) return { rebooted: true };
  if (/^call\.settle|^step\.settle\.clean/.test(place)) return { settled: true, after: KILLED };
  if (/^step\.undo\.drop/.test(place)) return { settled: true, fresh: true, after: KILLED };
  if (/^step\.lease\.release/.test(place)) return { after: at('event.lease.acquired', 'interrupt') };
  if (/^step\.never\.write/.test(place)) return { after: at('step.pending.write', 'full') };
  if (/^event\.lease\.lost/.test(place)) return { after: at('event.update.started', 'freeze') };
  if (/^event\.prepare\.failed/.test(place)) return { after: at('step.stage.write', 'full') };
  if (/^event\.host\.skipped/.test(place))
    return { after: at('step.prepare.unpack', 'dark'), onUnreachable: 'skip' };
  if (/^event\.host\.deferred/.test(place))
    return { after: at('step.prepare.unpack', 'dark'), onUnreachable: 'defer' };
  if (/^event\.deployment\.stopping/.test(place)) return { after: at('event.update.started', 'interrupt') };
  if (/^event\.note/.test(place)) return { after: at('step.finish.marks', 'dark') };
  if (/^call\.(status|watch)|^event\.(recheck|update\.reset|deployment\.resumed)/.test(place))
    return { resumed: true };
  return {};
}

const KILLED = at('event.update.switched', 'kill-after');

function at(place: string, kind: string): { readonly place: string; readonly kind: string } {
  return { place, kind };
}

/** @param forced pairs of place and fault that come in any case, the first in the place of the seed’s own */
export function scenarioOf(seed: number, forced: readonly string[] = []): Scenario {
  const random = new Random(seed);
  const [own, ...others] = forced.map(parsePair);
  const pair = own ?? PAIRS[seed % PAIRS.length] ?? { place: 'run', kind: 'clock +1 h' };
  const need = needs(pair.place);
  const hosts = need.bad === 'last' ? random.between(2, 3) : random.pick([1, 1, 2, 2, 3]);
  const firstInstall = need.fresh ?? random.chance(0.12);
  const bad = need.bad ?? (random.chance(0.35) ? random.pick(['first', 'last'] as const) : undefined);
  const faults: Fault[] = [faultOf(pair, random)];
  if (need.resumed === true) faults.push(killer(pair.place, random));
  if (need.rebooted === true) faults.push(faultOf({ place: 'step.sample', kind: 'power' }, random));
  if (need.after !== undefined) faults.push({ ...need.after, nth: 1, ms: 1_000 });
  for (const other of others) faults.push(faultOf(other, random));
  for (let more = random.below(3); more > 0; more -= 1) faults.push(faultOf(random.pick(PAIRS), random));
  return {
    hosts,
    instances: random.chance(0.1) ? 2 : 1,
    firstInstall,
    newUnit: (need.unit ?? random.chance(0.3)) ? OTHER_UNIT : UNIT,
    strategy: { ...strategyOf(random), ...(need.onUnreachable && { onUnreachable: need.onUnreachable }) },
    programs: Array.from({ length: hosts }, (_, at) => programOf(bad, at, hosts, random)),
    faults,
    resumes: need.settled ? [] : resumesOf(need.resumed === true, random),
    agentThere: random.chance(0.9),
    settled: need.settled === true,
    overtaken: pair.place === 'event.lease.lost',
    balancers: faults.some(({ place }) => needs(place).drained === true) ? random.pick([1, 1, 2]) : 0,
    drainMs: random.pick([500, 2_000, 60_000]),
    together: togetherOf(pair.place, faults, random),
  };
}

function faultOf(pair: { readonly place: string; readonly kind: string }, random: Random): Fault {
  const often = /sample|health\.probed|systemd|call\.lease/.test(pair.place);
  return { ...pair, nth: random.below(often ? 6 : 2) + 1, ms: random.between(50, 6_000) };
}

/** A controller that dies where an instance is in flight, so that whoever resumes has to ask about it. */
function killer(place: string, random: Random): Fault {
  const where = place.includes('reset')
    ? { place: 'call.activate', kind: 'lost-before' }
    : { place: 'event.update.switched', kind: 'kill-after' };
  if (place.includes('reset')) return faultOf({ place: 'event.update.started', kind: 'kill-after' }, random);
  return faultOf(where, random);
}

function resumesOf(needed: boolean, random: Random): readonly number[] {
  if (!needed && random.chance(0.35)) return [];
  return Array.from({ length: random.between(1, 3) }, () =>
    random.pick([500, 3_000, 20_000, 60_000, 200_000]),
  );
}

/** Long enough that all have a plan before the first performs it, and that some come when others are through. */
function togetherOf(place: string, faults: readonly Fault[], random: Random): readonly number[] {
  const crowd = faults.find((fault) => fault.place === 'operators')?.kind;
  const leases = /^(call|event|step)\.(lease|epoch)/.test(place) && random.chance(0.5);
  return Array.from(
    { length: Number(crowd ?? (leases ? random.pick(OPERATORS) : 0)) },
    () => 500 + random.pick([0, 0, 0, random.below(30), 3_000, 60_000, 200_000]),
  );
}

function strategyOf(random: Random): Partial<Strategy> {
  return {
    waves: [{ kind: 'count', value: random.pick([1, 1, 1, 2]) }],
    canary: random.pick([0, 0, 1]),
    minHealthyMs: random.pick([300, 500]),
    healthyDeadlineMs: 4_000,
    progressDeadlineMs: 600_000,
    maxFailures: random.pick([0, 0, 0, 1]),
    rollback: random.pick(['deployment', 'deployment', 'deployment', 'wave', 'instance']),
    onUnreachable: random.pick(['fail', 'fail', 'skip', 'defer']),
  };
}

function programOf(bad: 'first' | 'last' | undefined, at: number, hosts: number, random: Random): Program {
  if (bad === undefined || (bad === 'last' && at < hosts - 1))
    return random.chance(0.15) ? { kind: 'slow', afterMs: random.between(100, 1_500) } : GOOD;
  return random.pick<Program>([
    { kind: 'exits' },
    { kind: 'sick' },
    { kind: 'dies', afterMs: random.between(50, 450) },
    { kind: 'slow', afterMs: 60_000 },
  ]);
}
