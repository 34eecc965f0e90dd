import { describe, expect, it } from 'vitest';
import { fleet, play } from './play.ts';

describe('after a crash of the controller', () => {
  it('asks about the instance that was in hand before anything else', () => {
    expect(play(fleet(), { crashAt: 15 }).trace).toMatchInlineSnapshot(`
      [
        "1 prepared",
        "1 wave 1: a@1",
        "1 a@1 update",
        "12 a@1 committed",
        "12 wave 1 done",
        "12 wave 2: b@1",
        "12 b@1 update",
        "20 deployment.resumed",
        "20 b@1 recheck",
        "21 b@1 committed",
        "21 wave 2 done",
        "21 wave 3: c@1",
        "21 c@1 update",
        "32 c@1 committed",
        "32 wave 3 done",
        "32 succeeded",
      ]
    `);
  });

  it('starts an instance again that its host never began', () => {
    expect(
      play(fleet(), { crashAt: 15, recheck: { 'b@1': 'never' } }).trace.slice(5, 12),
    ).toMatchInlineSnapshot(`
      [
        "12 wave 2: b@1",
        "12 b@1 update",
        "20 deployment.resumed",
        "20 b@1 recheck",
        "21 b@1 reset",
        "21 b@1 update",
        "32 b@1 committed",
      ]
    `);
  });

  it('counts a failure that happened meanwhile', () => {
    expect(
      play(fleet(), { crashAt: 15, recheck: { 'b@1': 'restored' } }).trace.slice(5),
    ).toMatchInlineSnapshot(`
      [
        "12 wave 2: b@1",
        "12 b@1 update",
        "20 deployment.resumed",
        "20 b@1 recheck",
        "21 b@1 failed, restored",
        "21 rollback deployment: a@1 because b@1: was not healthy",
        "21 a@1 revert to old",
        "26 a@1 reverted",
        "26 rolled-back: b@1: was not healthy",
      ]
    `);
  });

  it('prepares again what was being prepared', () => {
    expect(play(fleet(), { crashAt: 0.5 }).trace.slice(0, 3)).toMatchInlineSnapshot(`
      [
        "5.5 deployment.resumed",
        "6.5 prepared",
        "6.5 wave 1: a@1",
      ]
    `);
  });

  it('in the middle of a revert asks, and reverts it when its host never began', () => {
    const script = { update: { 'b@1': 'lost' }, crashAt: 26, recheck: { 'b@1': 'never' } } as const;
    expect(play(fleet(), script).trace.slice(7)).toMatchInlineSnapshot(`
      [
        "23 b@1 failed",
        "23 rollback deployment: b@1 a@1 because b@1: was not healthy",
        "23 b@1 revert to old",
        "31 deployment.resumed",
        "31 b@1 recheck",
        "32 b@1 reset",
        "32 b@1 revert to old",
        "37 b@1 reverted",
        "37 a@1 revert to old",
        "42 a@1 reverted",
        "42 rolled-back: b@1: was not healthy",
      ]
    `);
  });

  it('tries a deferred host once more that was being tried', () => {
    const input = fleet({ strategy: { onUnreachable: 'defer' } });
    const { trace } = play(input, { prepare: { b: ['unreachable'] }, crashAt: 23.5 });
    expect(trace.slice(-6)).toMatchInlineSnapshot(`
      [
        "28.5 deployment.resumed",
        "29.5 wave 4: b@1",
        "29.5 b@1 update",
        "40.5 b@1 committed",
        "40.5 wave 4 done",
        "40.5 succeeded",
      ]
    `);
  });
});

describe('an instance that nobody can start', () => {
  it('is not forgotten', () => {
    const input = { ...fleet({ waves: ['a@1', 'b@1'] }), hosts: [{ name: 'a' }, { name: 'b' }] };
    expect(play(input).trace.at(-1)).toBe('23 failed: never started: c@1');
  });

  it('because no wave has it comes in a late one', () => {
    expect(play(fleet({ waves: ['a@1', 'b@1'] })).trace.slice(-4)).toMatchInlineSnapshot(`
      [
        "23 c@1 update",
        "34 c@1 committed",
        "34 wave 3 done",
        "34 succeeded",
      ]
    `);
    const strategy = { waves: [] };
    expect(
      play(fleet({ waves: ['a@1'], strategy })).trace.filter((t) => /wave .:/.test(t)),
    ).toMatchInlineSnapshot(`
      [
        "1 wave 1: a@1",
        "12 wave 2: b@1",
        "23 wave 3: c@1",
      ]
    `);
  });
});
