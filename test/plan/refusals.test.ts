import { describe, expect, it } from 'vitest';
import type { Strategy } from '../../src/model/strategy.ts';
import { assemble } from '../../src/plan/assemble.ts';
import { planRefusals } from '../../src/plan/refusals.ts';
import { host, OLD, observation, onNew, onOld, planHost, planInput, running } from './build.ts';

function messages(strategy: Partial<Strategy>, hosts: Parameters<typeof planInput>[0]): readonly string[] {
  return planRefusals(assemble(planInput(hosts, strategy))).map((p) => `${p.code} ${p.message}`);
}

const count = (domain: 'zone' | 'fleet', value: number): Partial<Strategy> => ({
  minHealthyPerDomain: { domain, amount: { kind: 'count', value } },
});
const ill = (name: string) => planHost(host(name), observation([running(OLD, { activeState: 'failed' })]));

describe('a plan is refused', () => {
  it('when a host cannot be reached, unless such hosts may be left out', () => {
    const hosts = [
      onOld('a'),
      { host: host('b'), seen: { kind: 'unreachable', why: 'connection refused' } } as const,
    ];
    expect(messages({}, hosts)).toEqual(['PD3004 cannot be reached: b (connection refused)']);
    expect(messages({ onUnreachable: 'skip' }, hosts)).toEqual([]);
    expect(messages({ onUnreachable: 'defer' }, hosts)).toEqual([]);
  });

  it('when so many must stay healthy that none could ever be restarted', () => {
    expect(messages(count('fleet', 2), [onOld('a'), onOld('b')])).toEqual([
      'PD3005 the fleet must keep 2 of 2 instances healthy and has 2: none could ever be restarted',
    ]);
    expect(messages(count('fleet', 1), [onOld('a'), onOld('b')])).toEqual([]);
    expect(
      messages(count('zone', 1), [onOld('a', { zone: 'x' }), onOld('b', { zone: 'y' }), onOld('c')]),
    ).toEqual([
      'PD3005 what has no zone must keep 1 of 1 instances healthy and has 1: none could ever be restarted',
      'PD3005 zone x must keep 1 of 1 instances healthy and has 1: none could ever be restarted',
      'PD3005 zone y must keep 1 of 1 instances healthy and has 1: none could ever be restarted',
    ]);
  });

  it('but not when repairing the broken ones first makes room', () => {
    expect(messages(count('fleet', 1), [onOld('a'), ill('b')])).toEqual([]);
    expect(messages(count('fleet', 2), [ill('a'), ill('b')])).toEqual([]);
    expect(messages(count('fleet', 2), [onNew('a'), onNew('b')])).toEqual([]);
  });
});
