import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/rollout/exit-code.ts';
import { fleet, play } from './play.ts';

describe('waves', () => {
  it('updates one instance at a time by default, each committed before the next', () => {
    const { trace, state } = play(fleet());
    expect(trace).toMatchInlineSnapshot(`
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
        "34 c@1 committed",
        "34 wave 3 done",
        "34 succeeded",
      ]
    `);
    expect(exitCodeOf('succeeded', state)).toBe(0);
  });

  it('prepares every host before it touches any', () => {
    const { events } = play(fleet());
    const types = events.map((e) => e.type);
    expect(types.lastIndexOf('prepare.finished')).toBeLessThan(types.indexOf('update.started'));
    expect(types.slice(0, 3)).toEqual(['prepare.started', 'prepare.started', 'prepare.started']);
  });

  it('updates a wave at once, but never two instances of one host', () => {
    const instances = ['a@1', 'a@2', 'b@1', 'b@2', 'c@1'].map((id) => ({ id }));
    const { trace } = play(fleet({ instances, waves: ['a@1 a@2 b@1', 'b@2 c@1'] }));
    expect(trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1 a@2 b@1",
        "1 a@1 update",
        "1 b@1 update",
        "12 a@1 committed",
        "12 a@2 update",
        "12 b@1 committed",
        "23 a@2 committed",
        "23 wave 1 done",
        "23 wave 2: b@2 c@1",
        "23 b@2 update",
        "23 c@1 update",
        "34 b@2 committed",
        "34 c@1 committed",
        "34 wave 2 done",
        "34 succeeded",
      ]
    `);
  });

  it('waits after the canary until somebody promotes it', () => {
    const input = fleet({ strategy: { canary: 1, promote: 'manual' }, waves: ['canary: a@1', 'b@1 c@1'] });
    const waiting = play(input);
    expect(waiting.trace.at(-1)).toBe('12 wave 1 done');
    expect(waiting.waits.at(-1)).toBe('12 promote');
    const early = play(input, { at: { 5: { type: 'deployment.promoted', by: 'ops' } } });
    expect(early.state.finished).toBeUndefined();
    const { trace } = play(input, { at: { 60: { type: 'deployment.promoted', by: 'ops' } } });
    expect(trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1 canary: a@1",
        "1 a@1 update",
        "12 a@1 committed",
        "12 wave 1 done",
        "60 deployment.promoted",
        "60 wave 2: b@1 c@1",
        "60 b@1 update",
        "60 c@1 update",
        "71 b@1 committed",
        "71 c@1 committed",
        "71 wave 2 done",
        "71 succeeded",
      ]
    `);
  });

  it('does not ask for a promotion when nothing is left to promote', () => {
    const input = fleet({ strategy: { canary: 3, promote: 'manual' }, waves: ['canary: a@1 b@1 c@1'] });
    expect(play(input).trace.at(-1)).toBe('12 succeeded');
  });

  it('pauses between waves, not after the last', () => {
    const { trace, waits } = play(
      fleet({ strategy: { pauseBetweenWavesMs: 30_000 }, waves: ['a@1', 'b@1 c@1'] }),
    );
    expect(trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1",
        "1 a@1 update",
        "12 a@1 committed",
        "12 wave 1 done",
        "42 wave 2: b@1 c@1",
        "42 b@1 update",
        "42 c@1 update",
        "53 b@1 committed",
        "53 c@1 committed",
        "53 wave 2 done",
        "53 succeeded",
      ]
    `);
    expect(waits).toContain('12 pause');
  });

  it('leaves alone what is current, and counts it', () => {
    const input = fleet({ instances: [{ id: 'a@1', action: 'nothing', from: 'new' }, { id: 'b@1' }] });
    const { events } = play(input);
    expect(events.some((e) => 'instance' in e && e.instance === 'a@1')).toBe(false);
    expect(events.at(-1)).toMatchObject({
      release: 'new',
      counts: { total: 2, current: 2, untouched: 1, healthy: 2, failed: 0 },
    });
  });

  it('does nothing on an idle host', () => {
    const input = fleet({
      hosts: [{ name: 'a', idle: true }, { name: 'b' }],
      instances: [{ id: 'a@1', action: 'nothing', from: 'new' }, { id: 'b@1' }],
    });
    expect(play(input).events.filter((e) => e.type === 'prepare.started')).toHaveLength(1);
  });

  it('finishes unchanged when there is nothing to do, and succeeded when only files changed', () => {
    const input = fleet({
      hosts: [{ name: 'a', idle: true }],
      instances: [{ id: 'a@1', action: 'nothing', from: 'new' }],
    });
    expect(play(input).trace).toEqual(['0 prepared', '0 unchanged']);
    const files = fleet({ instances: [{ id: 'a@1', action: 'nothing', from: 'new' }] });
    expect(play(files).trace).toEqual(['1 prepared', '1 succeeded']);
  });
});

describe('the minimum of healthy instances', () => {
  const zones = [
    { name: 'a', zone: 'x' },
    { name: 'b', zone: 'x' },
    { name: 'c', zone: 'y' },
  ];
  const floor = (value: number, domain: 'zone' | 'region' | 'fleet' = 'zone') => ({
    minHealthyPerDomain: { domain, amount: { kind: 'count' as const, value } },
  });

  it('holds in each zone, also within a wave', () => {
    const { trace } = play(
      fleet({
        strategy: floor(1),
        hosts: zones.slice(0, 2),
        instances: [{ id: 'a@1' }, { id: 'b@1' }],
        waves: ['a@1 b@1'],
      }),
    );
    expect(trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1 b@1",
        "1 a@1 update",
        "12 a@1 committed",
        "12 b@1 update",
        "23 b@1 committed",
        "23 wave 1 done",
        "23 succeeded",
      ]
    `);
  });

  it('lets broken ones be updated first, which makes room for the others', () => {
    const input = fleet({
      strategy: floor(1),
      hosts: zones.slice(0, 2),
      instances: [{ id: 'a@1' }, { id: 'b@1', broken: true }],
      waves: ['b@1 a@1'],
    });
    const { trace } = play(input);
    expect(trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: b@1 a@1",
        "1 b@1 update",
        "12 b@1 committed",
        "12 a@1 update",
        "23 a@1 committed",
        "23 wave 1 done",
        "23 succeeded",
      ]
    `);
  });

  it('fails with its reason instead of waiting for ever', () => {
    const { trace } = play(fleet({ strategy: floor(1), hosts: zones }));
    expect(trace).toMatchInlineSnapshot(`
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
        "23 rollback deployment: b@1 a@1 because zone y must keep 1 of 1 instances healthy and has 1: c@1 cannot be taken down",
        "23 b@1 revert to old",
        "28 b@1 reverted",
        "28 a@1 revert to old",
        "33 a@1 reverted",
        "33 rolled-back: zone y must keep 1 of 1 instances healthy and has 1: c@1 cannot be taken down",
      ]
    `);
  });

  it('names the region, the fleet and the lack of a zone', () => {
    const cause = (domain: 'zone' | 'region' | 'fleet') =>
      play(fleet({ strategy: floor(9, domain) })).state.finished?.cause;
    expect(cause('fleet')).toMatchInlineSnapshot(
      `"the fleet must keep 3 of 3 instances healthy and has 3: a@1 cannot be taken down"`,
    );
    expect(cause('zone')).toMatchInlineSnapshot(
      `"what has no zone must keep 3 of 3 instances healthy and has 3: a@1 cannot be taken down"`,
    );
    expect(cause('region')).toMatchInlineSnapshot(
      `"what has no region must keep 3 of 3 instances healthy and has 3: a@1 cannot be taken down"`,
    );
  });
});
