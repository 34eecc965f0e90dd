import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/rollout/exit-code.ts';
import { fleet, play } from './play.ts';

const lost = { prepare: { b: ['unreachable'] } } as const;

describe('a host that cannot be prepared', () => {
  it('ends the deployment before any instance is touched', () => {
    const { trace, state, events } = play(fleet(), { prepare: { b: ['broken'] } });
    expect(trace).toMatchInlineSnapshot(`
      [
        "1 b prepare.failed",
        "1 failed: b: its disk is full",
      ]
    `);
    expect(exitCodeOf('failed', state)).toBe(4);
    expect(events.at(-1)).toMatchObject({ release: 'old', counts: { untouched: 3 } });
  });

  it('is not left out when it can be reached, whatever the strategy', () => {
    const { trace } = play(fleet({ strategy: { onUnreachable: 'skip' } }), { prepare: { b: ['broken'] } });
    expect(trace.at(-1)).toMatchInlineSnapshot(`"1 failed: b: its disk is full"`);
  });
});

describe('a host that cannot be reached', () => {
  it('fail: ends the deployment', () => {
    expect(play(fleet(), lost).trace.at(-1)).toMatchInlineSnapshot(`"1 failed: b: connection refused"`);
  });

  it('skip: is left out', () => {
    const { trace, state } = play(fleet({ strategy: { onUnreachable: 'skip' } }), lost);
    expect(trace).toMatchInlineSnapshot(`
      [
        "1 b prepare.failed",
        "1 b host.skipped",
        "1 prepared",
        "1 wave 1: a@1",
        "1 a@1 update",
        "12 a@1 committed",
        "12 wave 1 done",
        "12 wave 3: c@1",
        "12 c@1 update",
        "23 c@1 committed",
        "23 wave 3 done",
        "23 succeeded: 1 of 3 instances were skipped: b@1",
      ]
    `);
    expect(exitCodeOf('succeeded', state)).toBe(0);
  });

  it('defer: is tried once more after all waves', () => {
    const { trace } = play(fleet({ strategy: { onUnreachable: 'defer' } }), lost);
    expect(trace).toMatchInlineSnapshot(`
      [
        "1 b prepare.failed",
        "1 b host.deferred",
        "1 prepared",
        "1 wave 1: a@1",
        "1 a@1 update",
        "12 a@1 committed",
        "12 wave 1 done",
        "12 wave 3: c@1",
        "12 c@1 update",
        "23 c@1 committed",
        "23 wave 3 done",
        "24 wave 4: b@1",
        "24 b@1 update",
        "35 b@1 committed",
        "35 wave 4 done",
        "35 succeeded",
      ]
    `);
  });

  it('defer: is left out when it fails again, for whatever reason', () => {
    for (const second of ['unreachable', 'broken'] as const) {
      const { trace } = play(fleet({ strategy: { onUnreachable: 'defer' } }), {
        prepare: { b: ['unreachable', second] },
      });
      expect(trace.slice(-3)).toEqual([
        '24 b prepare.failed',
        '24 b host.skipped',
        '24 succeeded: 1 of 3 instances were skipped: b@1',
      ]);
    }
  });

  it('defer: late instances come in waves of the last size', () => {
    const instances = ['a@1', 'b@1', 'b@2', 'b@3'].map((id) => ({ id }));
    const strategy = { onUnreachable: 'defer', waves: [{ kind: 'percent', value: 50 }] } as const;
    const { trace } = play(fleet({ instances, strategy, waves: ['a@1 b@1', 'b@2 b@3'] }), lost);
    expect(trace.filter((t) => t.includes('wave') && t.includes(':'))).toMatchInlineSnapshot(`
      [
        "1 wave 1: a@1",
        "13 wave 2: b@2 b@3",
        "35 wave 3: b@1",
      ]
    `);
  });

  it('counts as unhealthy, so that no other one is taken down for its sake', () => {
    const minHealthyPerDomain = { domain: 'fleet', amount: { kind: 'count', value: 2 } } as const;
    const { trace } = play(fleet({ strategy: { onUnreachable: 'skip', minHealthyPerDomain } }), lost);
    expect(trace.at(-1)).toMatchInlineSnapshot(
      `"1 failed: the fleet must keep 2 of 3 instances healthy and has 2: a@1 cannot be taken down"`,
    );
  });

  it('fails when no host is left', () => {
    const prepare = { a: ['unreachable'], b: ['unreachable'], c: ['unreachable'] } as const;
    const { trace } = play(fleet({ strategy: { onUnreachable: 'skip' } }), { prepare });
    expect(trace.at(-1)).toMatchInlineSnapshot(
      `"1 failed: no host can be reached: a: connection refused; b: connection refused; c: connection refused"`,
    );
  });

  it('fails when the canary was on it, rather than go on without one', () => {
    const input = fleet({
      strategy: { onUnreachable: 'defer', canary: 1 },
      waves: ['canary: b@1', 'a@1', 'c@1'],
    });
    expect(play(input, lost).trace.at(-1)).toMatchInlineSnapshot(
      `"1 failed: no canary instance can be reached: b: connection refused"`,
    );
  });
});
