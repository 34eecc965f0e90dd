import { describe, expect, it } from 'vitest';
import type { Event, EventBody } from '../../src/model/event.ts';
import { DEFAULT_STRATEGY } from '../../src/model/strategy.ts';
import { exitCodeOf } from '../../src/rollout/exit-code.ts';
import { progressDeadline } from '../../src/rollout/halt.ts';
import { rollbackStrategy } from '../../src/rollout/rollback-strategy.ts';
import { start } from '../../src/rollout/start.ts';
import { transition } from '../../src/rollout/transition.ts';
import { fleet, type Played, play } from './play.ts';

function exit({ state }: Played): number {
  return state.finished === undefined ? -1 : exitCodeOf(state.finished.outcome, state);
}

describe('a failed instance', () => {
  it('rolls everything back, newest first and one at a time', () => {
    const played = play(fleet(), { update: { 'c@1': 'lost' } });
    expect(played.trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1",
        "1 a@1 update",
        "12 a@1 committed",
        "12 wave 1 done",
        "12 wave 2: b@1",
        "12 b@1 update",
        "23 b@1 committed",
        "23 wave 2 done",
        "23 wave 3: c@1",
        "23 c@1 update",
        "34 c@1 failed",
        "34 rollback deployment: c@1 b@1 a@1 because c@1: was not healthy",
        "34 c@1 revert to old",
        "39 c@1 reverted",
        "39 b@1 revert to old",
        "44 b@1 reverted",
        "44 a@1 revert to old",
        "49 a@1 reverted",
        "49 rolled-back: c@1: was not healthy",
      ]
    `);
    expect(exit(played)).toBe(4);
    expect(played.events.at(-1)).toMatchObject({
      release: 'old',
      counts: { current: 0, old: 3, failed: 1, untouched: 0 },
    });
  });

  it('is named once, whether its message names it or not', () => {
    const at = {
      5: {
        type: 'instance.failed',
        instance: 'a@1',
        failure: { code: 'X', message: 'a@1 has ended' },
        unreachable: false,
        restored: true,
      },
    } as const;
    expect(play(fleet(), { at }).trace.at(-1)).toBe('5 rolled-back: a@1 has ended');
  });

  it('that went back by itself needs no revert', () => {
    const played = play(fleet(), { update: { 'a@1': 'restored' } });
    expect(played.trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1",
        "1 a@1 update",
        "12 a@1 failed, restored",
        "12 rolled-back: a@1: was not healthy",
      ]
    `);
    expect(exit(played)).toBe(4);
    expect(played.events.at(-1)).toMatchObject({ release: 'old', counts: { untouched: 2 } });
  });

  it('lets those in hand finish before anything goes back, and nothing new begins', () => {
    const instances = ['a@1', 'b@1', 'b@2', 'c@1'].map((id) => ({ id }));
    const input = fleet({ instances, waves: ['a@1 b@1 b@2', 'c@1'] });
    expect(play(input, { update: { 'a@1': 'restored' } }).trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1 b@1 b@2",
        "1 a@1 update",
        "1 b@1 update",
        "12 a@1 failed, restored",
        "12 b@1 committed",
        "12 rollback deployment: b@1 because a@1: was not healthy",
        "12 b@1 revert to old",
        "17 b@1 reverted",
        "17 rolled-back: a@1: was not healthy",
      ]
    `);
  });

  it('within the budget goes back alone, and the rest goes on', () => {
    const played = play(fleet({ strategy: { maxFailures: 1 } }), { update: { 'a@1': 'lost' } });
    expect(played.trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1",
        "1 a@1 update",
        "12 a@1 failed",
        "12 a@1 revert to old",
        "17 a@1 reverted",
        "17 wave 1 done",
        "17 wave 2: b@1",
        "17 b@1 update",
        "28 b@1 committed",
        "28 wave 2 done",
        "28 wave 3: c@1",
        "28 c@1 update",
        "39 c@1 committed",
        "39 wave 3 done",
        "39 succeeded: 1 of 3 instances failed: a@1",
      ]
    `);
    expect(exit(played)).toBe(5);
  });

  it('beyond the budget rolls back', () => {
    const played = play(fleet({ strategy: { maxFailures: 1 } }), {
      update: { 'a@1': 'restored', 'c@1': 'restored' },
    });
    expect(played.trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1",
        "1 a@1 update",
        "12 a@1 failed, restored",
        "12 wave 1 done",
        "12 wave 2: b@1",
        "12 b@1 update",
        "23 b@1 committed",
        "23 wave 2 done",
        "23 wave 3: c@1",
        "23 c@1 update",
        "34 c@1 failed, restored",
        "34 rollback deployment: b@1 because 2 instances failed and 1 may: a@1: was not healthy; c@1: was not healthy",
        "34 b@1 revert to old",
        "39 b@1 reverted",
        "39 rolled-back: 2 instances failed and 1 may: a@1: was not healthy; c@1: was not healthy",
      ]
    `);
  });

  it('within the budget that cannot go back ends the deployment', () => {
    const played = play(fleet({ strategy: { maxFailures: 2 } }), {
      update: { 'b@1': 'lost' },
      revert: { 'b@1': 'fails' },
    });
    expect(played.trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1",
        "1 a@1 update",
        "12 a@1 committed",
        "12 wave 1 done",
        "12 wave 2: b@1",
        "12 b@1 update",
        "23 b@1 failed",
        "23 b@1 revert to old",
        "28 b@1 revert failed",
        "28 rollback deployment: a@1 because b@1: was not healthy, and it could not be taken back",
        "28 a@1 revert to old",
        "33 a@1 reverted",
        "33 failed: b@1: was not healthy, and it could not be taken back",
      ]
    `);
    expect(exit(played)).toBe(5);
  });

  it('is a failure of all when nothing but failures came of it', () => {
    const update = { 'a@1': 'restored', 'b@1': 'restored', 'c@1': 'restored' } as const;
    const played = play(fleet({ strategy: { maxFailures: 3 } }), { update });
    expect(played.trace.at(-1)).toMatchInlineSnapshot(
      `"34 rolled-back: 3 of 3 instances failed: a@1, b@1, c@1"`,
    );
    expect(exit(played)).toBe(4);
  });
});

describe('the scope of a rollback', () => {
  const waves = ['a@1', 'b@1 c@1'];
  const script = { update: { 'c@1': 'lost' } } as const;

  it('instance: only the failed one goes back, the fleet stays mixed', () => {
    const played = play(fleet({ strategy: { rollback: 'instance' }, waves }), script);
    expect(played.trace.slice(-5)).toMatchInlineSnapshot(`
      [
        "23 c@1 failed",
        "23 rollback instance: c@1 because c@1: was not healthy",
        "23 c@1 revert to old",
        "28 c@1 reverted",
        "28 failed: c@1: was not healthy",
      ]
    `);
    expect(exit(played)).toBe(5);
    expect(played.events.at(-1)).toMatchObject({ release: '' });
  });

  it('wave: those of the wave go back', () => {
    const played = play(fleet({ strategy: { rollback: 'wave' }, waves }), script);
    expect(played.trace.slice(-6)).toMatchInlineSnapshot(`
      [
        "23 rollback wave: c@1 b@1 because c@1: was not healthy",
        "23 c@1 revert to old",
        "28 c@1 reverted",
        "28 b@1 revert to old",
        "33 b@1 reverted",
        "33 failed: c@1: was not healthy",
      ]
    `);
    expect(exit(played)).toBe(5);
  });

  it('none: nothing goes back', () => {
    const played = play(fleet({ strategy: { rollback: 'none' }, waves }), script);
    expect(played.trace.slice(-3)).toMatchInlineSnapshot(`
      [
        "23 b@1 committed",
        "23 c@1 failed",
        "23 failed: c@1: was not healthy",
      ]
    `);
    expect(exit(played)).toBe(5);
  });

  it('none: a failure within the budget is left as it is', () => {
    const played = play(fleet({ strategy: { rollback: 'none', maxFailures: 1 } }), {
      update: { 'a@1': 'lost' },
    });
    expect(played.trace.at(-1)).toMatchInlineSnapshot(`"34 succeeded: 1 of 3 instances failed: a@1"`);
    expect(played.events.some((e) => e.type === 'revert.started')).toBe(false);
  });
});

describe('a revert', () => {
  it('that fails is not tried again and holds up no other', () => {
    const played = play(fleet(), { update: { 'c@1': 'restored' }, revert: { 'b@1': 'fails' } });
    expect(played.trace.slice(-7)).toMatchInlineSnapshot(`
      [
        "34 c@1 failed, restored",
        "34 rollback deployment: b@1 a@1 because c@1: was not healthy",
        "34 b@1 revert to old",
        "39 b@1 revert failed",
        "39 a@1 revert to old",
        "44 a@1 reverted",
        "44 failed: c@1: was not healthy",
      ]
    `);
    expect(exit(played)).toBe(5);
    expect(played.events.at(-1)).toMatchObject({ release: '', counts: { old: 2, current: 0, failed: 2 } });
  });

  it('has nothing to do where the same release was restarted', () => {
    const input = fleet({ instances: [{ id: 'a@1', from: 'new' }, { id: 'b@1' }] });
    const played = play(input, { update: { 'b@1': 'lost' } });
    expect(played.trace.slice(-4)).toMatchInlineSnapshot(`
      [
        "23 rollback deployment: b@1 because b@1: was not healthy",
        "23 b@1 revert to old",
        "28 b@1 reverted",
        "28 rolled-back: b@1: was not healthy",
      ]
    `);
  });

  it('is asked for after a restart of the same release failed', () => {
    const input = fleet({ instances: [{ id: 'a@1', from: 'new' }] });
    const played = play(input, { update: { 'a@1': 'lost' } });
    expect(played.trace.slice(-4)).toMatchInlineSnapshot(`
      [
        "12 rollback deployment: a@1 because a@1: was not healthy",
        "12 a@1 revert to new",
        "17 a@1 reverted",
        "17 rolled-back: a@1: was not healthy",
      ]
    `);
    expect(exit(played)).toBe(4);
  });

  it('removes what was installed for the first time, and says what was broken before', () => {
    const input = fleet({ instances: [{ id: 'a@1', from: '', action: 'start', broken: true }] });
    const played = play(input, { update: { 'a@1': 'lost' } });
    expect(played.events.find((e) => e.type === 'revert.started')).toMatchObject({ to: '' });
    expect(played.events.at(-1)).toMatchObject({ outcome: 'rolled-back', counts: { old: 1, healthy: 0 } });
  });
});

describe('the progress deadline', () => {
  it('is re-armed by each newly healthy instance', () => {
    const { trace } = play(fleet({ strategy: { progressDeadlineMs: 12_000 } }));
    expect(trace.at(-1)).toBe('34 succeeded');
  });

  it('ends a deployment in which nothing gets healthy, after what is in hand', () => {
    const strategy = { progressDeadlineMs: 15_000, maxFailures: 9 };
    const instances = ['a@1', 'b@1', 'b@2', 'b@3'].map((id) => ({ id }));
    const input = fleet({ strategy, instances, waves: ['a@1', 'b@1 b@2 b@3'] });
    const { trace, waits } = play(input, { update: { 'b@1': 'restored', 'b@2': 'lost' } });
    expect(trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1",
        "1 a@1 update",
        "12 a@1 committed",
        "12 wave 1 done",
        "12 wave 2: b@1 b@2 b@3",
        "12 b@1 update",
        "23 b@1 failed, restored",
        "23 b@2 update",
        "34 b@2 failed",
        "34 rollback deployment: b@2 a@1 because no instance became healthy within 15.0s",
        "34 b@2 revert to old",
        "39 b@2 reverted",
        "39 a@1 revert to old",
        "44 a@1 reverted",
        "44 rolled-back: no instance became healthy within 15.0s",
      ]
    `);
    expect(waits).toContain('27 progress-deadline');
  });

  it('stands still during a pause', () => {
    const strategy = { progressDeadlineMs: 12_000 };
    const at = {
      2: { type: 'deployment.paused', by: 'ops' },
      500: { type: 'deployment.continued', by: 'ops' },
    } as const;
    expect(play(fleet({ strategy }), { at }).trace.at(-1)).toBe('522 succeeded');
  });

  it('is not moved by a deferred host that is tried while a wave is open', () => {
    const failure = { code: 'PD3300', message: 'is away' };
    const away = (host: string): readonly EventBody[] => [
      { type: 'prepare.started', host },
      { type: 'prepare.failed', host, failure, unreachable: true },
      { type: 'host.deferred', host, why: '' },
    ];
    const past: readonly EventBody[] = [
      ...[...away('a'), ...away('b')],
      { type: 'prepare.completed' },
      { type: 'prepare.started', host: 'a' },
      { type: 'prepare.started', host: 'b' },
      { type: 'prepare.finished', host: 'a', bytesSent: 1, ms: 1, changes: [] },
      { type: 'wave.started', wave: 3, instances: ['a@1'], canary: false },
      { type: 'update.started', instance: 'a@1', opId: 'o', from: 'old', to: 'new' },
    ];
    const deadline = (bodies: readonly EventBody[]) => {
      const input = fleet({ strategy: { onUnreachable: 'defer' }, waves: ['a@1', 'b@1'] });
      const events = bodies.map(
        (body, n): Event => ({ v: 1, seq: n, at: '', t: n * 1_000, deployment: input.deployment, ...body }),
      );
      return progressDeadline(events.reduce(transition, start(input)));
    };
    expect(deadline(past)).toBe(10_000 + DEFAULT_STRATEGY.progressDeadlineMs);
    const tried: EventBody = { type: 'prepare.failed', host: 'b', failure, unreachable: true };
    expect(deadline([...past, tried])).toBe(deadline(past));
  });
});

describe('a rollback that a person asked for', () => {
  it('has no canary, no soaking and does not go back from going back', () => {
    const strategy = rollbackStrategy({
      ...DEFAULT_STRATEGY,
      canary: 2,
      promote: 'manual',
      pauseBetweenWavesMs: 60_000,
    });
    expect(strategy).toEqual({ ...DEFAULT_STRATEGY, rollback: 'none' });
  });
});
