import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/rollout/exit-code.ts';
import { awaitsPromotion } from '../../src/rollout/status.ts';
import { fleet, play } from './play.ts';

const by = 'ops';

describe('pause', () => {
  it('lets the instance in hand finish and starts nothing until it is continued', () => {
    const at = { 3: { type: 'deployment.paused', by }, 100: { type: 'deployment.continued', by } } as const;
    const { trace, waits } = play(fleet(), { at });
    expect(trace.slice(2, 8)).toMatchInlineSnapshot(`
      [
        "1 a@1 update",
        "3 deployment.paused",
        "12 a@1 committed",
        "12 wave 1 done",
        "100 deployment.continued",
        "100 wave 2: b@1",
      ]
    `);
    expect(waits).toContain('12 paused');
  });

  it('does not hold up a rollback', () => {
    const at = { 3: { type: 'deployment.paused', by } } as const;
    expect(play(fleet(), { at, update: { 'a@1': 'lost' } }).trace.at(-1)).toMatchInlineSnapshot(
      `"17 rolled-back: a@1: was not healthy"`,
    );
  });
});

describe('abort', () => {
  it('takes back what was switched', () => {
    const { trace, state } = play(fleet(), { at: { 15: { type: 'deployment.aborted', by } } });
    expect(trace.slice(-8)).toMatchInlineSnapshot(`
      [
        "15 deployment.aborted",
        "23 b@1 committed",
        "23 rollback deployment: b@1 a@1 because aborted by ops",
        "23 b@1 revert to old",
        "28 b@1 reverted",
        "28 a@1 revert to old",
        "33 a@1 reverted",
        "33 aborted: aborted by ops",
      ]
    `);
    expect(exitCodeOf('aborted', state)).toBe(4);
  });

  it('before anything was touched just ends', () => {
    const { trace } = play(fleet(), { at: { 0.5: { type: 'deployment.aborted', by } } });
    expect(trace).toMatchInlineSnapshot(`
      [
        "0.5 deployment.aborted",
        "1 aborted: aborted by ops",
      ]
    `);
  });

  it('fails when not everything comes back', () => {
    const at = { 15: { type: 'deployment.aborted', by } } as const;
    const { trace, state } = play(fleet(), { at, revert: { 'a@1': 'fails' } });
    expect(trace.at(-1)).toMatchInlineSnapshot(`"33 failed: aborted by ops"`);
    expect(exitCodeOf('failed', state)).toBe(5);
  });
});

describe('stopping', () => {
  it('finishes the instance in hand, starts nothing new, and can be resumed', () => {
    const input = fleet();
    const first = play(input, { at: { 3: { type: 'deployment.stopping', by: 'Ctrl-C' } } });
    expect(first.trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1",
        "1 a@1 update",
        "3 deployment.stopping",
        "12 a@1 committed",
        "12 wave 1 done",
        "12 interrupted: stopped by Ctrl-C",
      ]
    `);
    expect(exitCodeOf('interrupted', first.state)).toBe(6);
    const resumed = {
      v: 1,
      seq: first.events.length,
      at: '',
      t: 90_000,
      deployment: 'd-1',
      type: 'deployment.resumed',
      actor: by,
    } as const;
    const second = play(input, {}, [...first.events, resumed]);
    expect(second.trace).toMatchInlineSnapshot(`
      [
        "90 wave 2: b@1",
        "90 b@1 update",
        "101 b@1 committed",
        "101 wave 2 done",
        "101 wave 3: c@1",
        "101 c@1 update",
        "112 c@1 committed",
        "112 wave 3 done",
        "112 succeeded",
      ]
    `);
  });

  it('before any host was prepared has changed nothing', () => {
    const { state, trace } = play(fleet(), {}, [
      { v: 1, seq: 0, at: '', t: 0, deployment: 'd-1', type: 'deployment.stopping', by: 'Ctrl-C' },
    ]);
    expect(trace).toEqual(['0 interrupted: stopped by Ctrl-C']);
    expect(exitCodeOf('interrupted', state)).toBe(130);
  });

  it('holds up a rollback too, which goes on at the resume', () => {
    const input = fleet();
    const at = { 31: { type: 'deployment.stopping', by: 'Ctrl-C' } } as const;
    const first = play(input, { at, update: { 'c@1': 'lost' } });
    expect(first.trace.slice(-3)).toMatchInlineSnapshot(`
      [
        "34 c@1 revert to old",
        "39 c@1 reverted",
        "39 interrupted: stopped by Ctrl-C",
      ]
    `);
    const resumed = {
      v: 1,
      seq: first.events.length,
      at: '',
      t: 90_000,
      deployment: 'd-1',
      type: 'deployment.resumed',
      actor: by,
    } as const;
    expect(play(input, {}, [...first.events, resumed]).trace).toMatchInlineSnapshot(`
      [
        "90 rollback deployment: b@1 a@1 because c@1: was not healthy",
        "90 b@1 revert to old",
        "95 b@1 reverted",
        "95 a@1 revert to old",
        "100 a@1 reverted",
        "100 rolled-back: c@1: was not healthy",
      ]
    `);
  });
});

describe('a lost lease', () => {
  it('ends it without a revert: somebody else is at work', () => {
    const { trace, state } = play(fleet(), { at: { 15: { type: 'lease.lost', host: 'b', holder: 'ci' } } });
    expect(trace.slice(-3)).toMatchInlineSnapshot(`
      [
        "15 lease.lost",
        "23 b@1 committed",
        "23 interrupted: the lease of b is held by ci",
      ]
    `);
    expect(exitCodeOf('interrupted', state)).toBe(6);
  });
});

describe('awaitsPromotion', () => {
  it('is true between the canary and its promotion, and only then', () => {
    const input = fleet({ strategy: { canary: 1, promote: 'manual' }, waves: ['canary: a@1', 'b@1 c@1'] });
    const waiting = play(input);
    expect(awaitsPromotion(waiting.state)).toBe(true);
    const done = play(input, { at: { 60: { type: 'deployment.promoted', by } } });
    expect(awaitsPromotion(done.state)).toBe(false);
    const gone = play(input, { at: { 60: { type: 'deployment.aborted', by } } });
    expect(awaitsPromotion(gone.state)).toBe(false);
  });
});
