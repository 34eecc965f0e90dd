import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event, EventBody } from '../../src/model/event.ts';
import { actionKey } from '../../src/rollout/action.ts';
import { decide } from '../../src/rollout/decide.ts';
import { exitCodeOf } from '../../src/rollout/exit-code.ts';
import { start } from '../../src/rollout/start.ts';
import type { DeploymentState, InstanceStatus } from '../../src/rollout/state.ts';
import { transition } from '../../src/rollout/transition.ts';
import { scenario } from './arbitrary.ts';
import { violations } from './oracle.ts';
import { type Machine, plain, type Trace, World } from './world.ts';

const OUTCOMES = ['succeeded', 'unchanged', 'rolled-back', 'failed', 'interrupted', 'aborted'];
const machine: Machine = { start, transition, decide };
const RUNS = Number(process.env.PDEPLOY_PROPERTY_RUNS ?? 5_000);

function forAll(check: (trace: Trace, seed: number) => void): void {
  fc.assert(
    fc.property(scenario, ({ input, seed, knobs }) =>
      check(new World(machine, input, seed, knobs).run(), seed),
    ),
    { numRuns: RUNS },
  );
}

function replay(trace: Trace, events: readonly Event[]): DeploymentState {
  return events.reduce(transition, start(trace.input));
}

describe('rollout, over random fleets, failures, commands and crashes', { timeout: 120_000 }, () => {
  it('ends within bounds and breaks no rule in any history', () => {
    forAll((trace) => {
      expect(trace.broken).toBeUndefined();
      expect(violations(trace.input, trace.events)).toEqual([]);
    });
  });

  it('comes to every outcome, so that none of this holds for want of cases', () => {
    const seen = new Set<string | undefined>();
    for (const { input, seed, knobs } of fc.sample(scenario, { numRuns: 2_000, seed: 7 })) {
      seen.add(new World(machine, input, seed, knobs).run().state.finished?.outcome);
    }
    expect(seen).toEqual(new Set(OUTCOMES));
  });

  it('says in the end what is true on the hosts', () => {
    forAll(({ input, state, truth, events }) => {
      const outcome = state.finished?.outcome;
      if (outcome === undefined) throw new Error('not finished');
      const code = exitCodeOf(outcome, state);
      const lies: string[] = [];
      const must = (i: string, what: boolean): void => void (what || lies.push(i));
      for (const i of input.instances) {
        const seen = state.instances.get(i.id);
        const runs = truth.get(i.id);
        const status = seen?.status;
        if (status === 'committed' || status === 'current') must(`${i.id} ${status}`, runs === 'to');
        if (status === 'reverted' || status === 'pending' || status === 'skipped')
          must(`${i.id} ${status}`, runs === 'from');
        if (outcome === 'rolled-back' || outcome === 'aborted')
          must(`${i.id} is back`, runs === 'from' || i.from === i.to || status === 'current');
        if (code === 4) must(`${i.id} code 4`, runs !== 'down');
        if (code === 0) must(`${i.id} code 0`, runs === 'to' || status === 'skipped');
      }
      expect(lies).toEqual([]);
      const last = events.at(-1);
      if (last?.type === 'deployment.finished' && outcome === 'succeeded' && last.release !== '') {
        expect([...truth.values()].every((t) => t === 'to')).toBe(true);
      }
      expect([0, 4, 5, 6, 130]).toContain(code);
    });
  });

  it('is the same live and replayed, and any prefix can be resumed to an end', () => {
    forAll((trace, seed) => {
      expect(plain(replay(trace, trace.events))).toEqual(plain(trace.state));
      const cut = Math.abs(seed) % (trace.events.length + 1);
      const resumed = World.resume(machine, trace.input, trace.events.slice(0, cut), seed + 1);
      expect(resumed.broken).toBeUndefined();
      expect(violations(resumed.input, resumed.events)).toEqual([]);
    });
  });

  it('ignores what is doubled, late, foreign or unknown', () => {
    forAll((trace, seed) => {
      const { state, events, input } = trace;
      const cut = Math.abs(seed) % (events.length + 1);
      const middle = replay(trace, events.slice(0, cut));
      const as = (body: EventBody): Event => ({
        v: 1,
        seq: middle.seq + 1,
        at: '',
        t: events[cut]?.t ?? 0,
        deployment: input.deployment,
        ...body,
      });
      const heard: string[] = [];
      const ignores = (known: DeploymentState, event: Event, why: string): void => {
        if (transition(known, event) !== known) heard.push(`${why} ${event.type}`);
      };
      for (const event of events) ignores(state, event, 'doubled');
      for (const event of events.slice(cut)) ignores(middle, { ...event, deployment: 'd-2' }, 'foreign');
      for (const body of strangers) ignores(middle, as(body), 'strange');
      for (const [id, { status }] of middle.instances) {
        for (const body of resultsOf(id))
          if (!legal(status, body.type)) ignores(middle, as(body), `${status} late`);
      }
      expect(heard).toEqual([]);
    });
  });

  it('at any point decides without a side effect, at any time of the clock, and resumes twice as once', () => {
    forAll((trace, seed) => {
      const cut = Math.abs(seed) % (trace.events.length + 1);
      const state = replay(trace, trace.events.slice(0, cut));
      const now = trace.events[cut]?.t ?? 1e9;
      const before = JSON.stringify(plain(state));
      const actions = decide(state, now);
      const wrong: string[] = [];
      const must = (what: string, holds: boolean): void => void (holds || wrong.push(what));
      must('decides the same again', JSON.stringify(decide(state, now)) === JSON.stringify(actions));
      must('changes nothing', JSON.stringify(plain(state)) === before);
      must('names no work twice', new Set(actions.map(actionKey)).size === actions.length);
      for (const time of [0, 1_000, now, 1e6, Number.MAX_SAFE_INTEGER]) {
        const then = decide(state, time);
        must('is empty when finished and only then', (then.length === 0) === (state.finished !== undefined));
        for (const a of then)
          must('waits for the future', a.kind !== 'wait' || a.until === undefined || a.until > time);
      }
      const once = transition(state, resumed(trace, state.seq + 1));
      const twice = transition(once, resumed(trace, state.seq + 2));
      must(
        'resumes twice as once',
        JSON.stringify(plain({ ...twice, seq: once.seq })) === JSON.stringify(plain(once)),
      );
      expect(wrong).toEqual([]);
    });
  });
});

function resumed({ input }: Trace, seq: number): Event {
  return {
    v: 1,
    seq,
    at: '',
    t: 1e9,
    deployment: input.deployment,
    type: 'deployment.resumed',
    actor: 'test',
  };
}

const strangers: readonly EventBody[] = [
  { type: 'note', level: 'info', text: 'hello' },
  { type: 'lease.acquired', host: 'h0', epoch: 1 },
  { type: 'hook.finished', hook: 'beforeWave', ok: true, ms: 1, output: '' },
  { type: 'prepare.started', host: 'nobody' },
  { type: 'host.skipped', host: 'nobody', why: '' },
  { type: 'update.started', instance: 'nobody@1', opId: 'o', from: '', to: '' },
  { type: 'instance.committed', instance: '__proto__' },
  { type: 'wave.finished', wave: 999, ms: 0 },
  { type: 'wave.started', wave: 0, instances: [], canary: false },
];

function resultsOf(instance: string): readonly EventBody[] {
  const failure = { code: 'PD4001', message: 'x' };
  return [
    { type: 'update.switched', instance, pid: 1, ms: 1 },
    { type: 'instance.healthy', instance, ms: 1, probes: 1 },
    { type: 'instance.committed', instance },
    { type: 'instance.failed', instance, failure, unreachable: false, restored: true },
    { type: 'recheck.started', instance },
    { type: 'update.reset', instance, why: '' },
    { type: 'instance.reverted', instance, to: '', ms: 1 },
    { type: 'revert.failed', instance, failure, fix: [] },
  ];
}

/** Whether a result may be news to an instance of this status. */
function legal(status: InstanceStatus, type: string): boolean {
  const update = ['instance.healthy', 'instance.committed', 'instance.failed'];
  switch (status) {
    case 'updating':
      return [...update, 'update.switched'].includes(type);
    case 'verifying':
      return update.includes(type);
    case 'healthy':
      return type === 'instance.committed' || type === 'instance.failed';
    case 'reverting':
      return type === 'instance.reverted' || type === 'revert.failed';
    case 'interrupted':
    case 'rechecking':
      return true;
    default:
      return false;
  }
}
