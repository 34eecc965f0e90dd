import { describe, expect, it } from 'vitest';
import { assemble } from '../../src/plan/assemble.ts';
import { comparePlans } from '../../src/plan/compare.ts';
import {
  compiled,
  host,
  NEW,
  OLD,
  observation,
  onOld,
  planHost,
  planInput,
  release,
  running,
} from './build.ts';

const two = { instances: ['1', '2'] };
const saved = assemble(planInput([onOld('a'), onOld('b', two)]));

function drift(...hosts: Parameters<typeof planInput>[0]): readonly string[] {
  return comparePlans(saved, assemble(planInput(hosts))).map((d) => `${d.host}: ${d.why}`);
}

/** Host b seen differently, host a as it was. */
function b(
  instances: Parameters<typeof observation>[0],
  more: Parameters<typeof observation>[1] = {},
  want = compiled(),
) {
  return drift(onOld('a'), planHost(host('b', two), observation(instances, more), want));
}

const [one, other] = [running(OLD), running(OLD, { name: '2' })];

describe('a saved plan', () => {
  it('holds as long as nothing it relies on has changed', () => {
    expect(drift(onOld('a'), onOld('b', two))).toEqual([]);
    expect(b([running(OLD, { mainPid: 9 }), other])).toEqual([]);
  });

  it('drifts with what runs', () => {
    expect(b([one, running(NEW, { name: '2' })])).toEqual(['b: b@2 is on 9b7e01d now, not on 4f1c2a9']);
    expect(b([one, running(OLD, { name: '2', activeState: 'failed', subState: 'failed' })])).toEqual([
      'b: b@2 is not healthy any more: not running: failed (failed)',
    ]);
    expect(b([one, other], { releases: [] })).toEqual([
      'b: cannot go back: release 4f1c2a9 is gone from the host',
    ]);
    expect(b([one, other], { releases: [release(OLD), release(NEW)] })).toEqual([
      'b: something the plan relies on has changed',
    ]);
  });

  it('drifts when something was repaired meanwhile', () => {
    const ill = assemble(
      planInput([planHost(host('a'), observation([running(OLD, { activeState: 'failed' })]))]),
    );
    const well = assemble(planInput([onOld('a')]));
    expect(comparePlans(ill, well)).toEqual([{ host: 'a', why: 'a@1 is healthy again: runs 4f1c2a9' }]);
  });

  it('drifts when another thing is to be done', () => {
    const trial = { opId: 'o', from: OLD, to: NEW };
    expect(b([one, running(OLD, { name: '2', pending: trial })])).toEqual([
      'b: something the plan relies on has changed',
    ]);
    const done = assemble(planInput([planHost(host('a'), observation([running(NEW)]))]));
    const again = assemble(
      planInput([planHost(host('a'), observation([running(NEW, { unitSha256: 'x' })]))]),
    );
    expect(comparePlans(done, again)).toEqual([
      { host: 'a', why: 'a@1: restart (its unit file differs), not nothing' },
    ]);
  });

  it('drifts with the inventory', () => {
    expect(drift(onOld('a'))).toEqual(['b: is no longer selected']);
    expect(drift(onOld('a'), onOld('b'))).toEqual(['b: b@2 is gone']);
    expect(drift(onOld('a', two), onOld('b', two))).toEqual(['a: a@2 is new']);
    expect(drift(onOld('a'), onOld('b', two), onOld('c'))).toEqual(['c: was not part of the plan']);
    expect(drift(onOld('a'), onOld('b', { cordon: { reason: 'disk' } }))).toEqual(['b: is cordoned now']);
    expect(drift(onOld('a'), { host: host('b'), seen: { kind: 'unreachable', why: 'no route' } })).toEqual([
      'b: cannot be reached: no route',
    ]);
  });

  it('drifts with the playbook and the release', () => {
    const third = 'c0ffee1'.padEnd(64, '1');
    expect(b([one, other], {}, compiled({ digest: third }))).toEqual(['b: would get c0ffee1, not 9b7e01d']);
    expect(
      b([one, other], {}, compiled({ changes: [{ step: 'sysctl', action: 'add', changes: [] }] })),
    ).toEqual(['b: other changes are needed: sysctl']);
    const input = planInput([onOld('a'), onOld('b', two)], { canary: 1 });
    expect(comparePlans(saved, assemble({ ...input, release: { ...input.release, id: third } }))).toEqual([
      { host: '', why: 'the release is c0ffee1 now, not 9b7e01d' },
      { host: '', why: 'the strategy is another one' },
    ]);
  });
});
