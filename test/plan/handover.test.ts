import { describe, expect, test } from 'vitest';
import type { HandoverStep } from '../../src/model/playbook.ts';
import { assemble } from '../../src/plan/assemble.ts';
import { describeRollout } from '../../src/plan/describe-rollout.ts';
import { type HandoverInput, noHandover } from '../../src/plan/handover.ts';
import { planInstance } from '../../src/plan/instance-plan.ts';
import { compiled, host, NEW, OLD, observation, planInput, running } from './build.ts';

const GIB = 2 ** 30;
const UNIT = '[Service]\nExecReload=/usr/bin/setsid --fork /run/edge -u\n';
const step = (change: Partial<HandoverStep> & { listens?: readonly string[] } = {}): HandoverStep => {
  const { listens = [':80'], ...rest } = change;
  return { activation: 'auto', sockets: new Map(), listeners: new Map([['1', listens]]), ...rest };
};
const many = (count: number, text = (n: number) => `:${n}`) =>
  Array.from({ length: count }, (_, n) => text(n));

const BASE: HandoverInput = {
  instance: '1',
  seen: running(OLD, { rss: GIB }),
  facts: { memoryAvailable: 2 * GIB },
  step: step(),
  unit: UNIT,
  unitSame: true,
  before: [':80'],
};

describe('an instance hands over unless', () => {
  test.each<[string, Partial<HandoverInput>, string]>([
    ['nothing is in its way', {}, ''],
    ['nothing is known of the release before', { before: undefined, unit: '' }, ''],
    ['its unit differs', { unitSame: false }, 'its unit differs'],
    ['its unit has no successor', { unit: '[Service]\n' }, 'its unit cannot start a successor'],
    [
      'a trial is open',
      { seen: running(OLD, { pending: { opId: 'x', from: OLD, to: NEW } }) },
      'a trial was not ended',
    ],
    ['there are 32 listeners', { step: step({ listens: many(32) }), before: undefined }, ''],
    [
      'there are 33 listeners',
      { step: step({ listens: many(33) }) },
      'it has 33 listeners, 32 can be handed over',
    ],
    [
      'their addresses are long',
      { step: step({ listens: many(21, () => `unix:${'x'.repeat(95)}`) }) },
      'its addresses have 2120 bytes, 2048 can be handed over',
    ],
    ['a listener is gone, and Pingora is new', { before: [':80', ':81'] }, ''],
    [
      'a listener is gone, and Pingora is old',
      { before: [':80', ':81'], step: step({ pingora: '0.8.1' }) },
      'the listener :81 is gone, and Pingora 0.8.1 would keep it open',
    ],
    ['a listener is new', { before: [], step: step({ pingora: '0.8.1' }) }, ''],
    [
      'its sandbox forbids it to an old Pingora',
      { unit: `${UNIT}RestrictSUIDSGID=yes\n`, step: step({ pingora: '0.7.0' }) },
      'Pingora 0.7.0 cannot hand over under RestrictSUIDSGID',
    ],
    [
      'the sandbox is known to Pingora',
      { unit: `${UNIT}RestrictSUIDSGID=yes\n`, step: step({ pingora: '0.8.0' }) },
      '',
    ],
    [
      'memory is short',
      { facts: { memoryAvailable: 2 * GIB - 1 } },
      'two processes need 2048 MiB of free memory, the host has 2048 MiB',
    ],
    [
      'its own limit is short',
      { unit: `${UNIT}MemoryMax=1G\n` },
      'MemoryMax=1024 MiB holds for both processes, and one has 1024 MiB',
    ],
    ['its own limit is wide', { unit: `${UNIT}MemoryMax=2G\n` }, ''],
  ])('%s', (_name, change, why) => {
    expect(noHandover({ ...BASE, ...change })).toBe(why);
  });
});

describe('a plan', () => {
  const action = (noHandover: string | undefined, seen = running(OLD)) => {
    const [instance] = host('edge-01').instances;
    if (instance === undefined) throw new Error('no instance');
    const rule = noHandover === undefined ? {} : { noHandover: () => noHandover };
    const made = planInstance(instance, seen, compiled(rule));
    return [made.action, made.noHandover];
  };

  test('hands over only where a running instance would be restarted', () => {
    expect(action('')).toEqual(['handover', undefined]);
    expect(action('it rains')).toEqual(['restart', 'it rains']);
    expect(action(undefined)).toEqual(['restart', undefined]);
    expect(action('', running(OLD, { activeState: 'failed', mainPid: 0 }))).toEqual(['start', undefined]);
    expect(action('', running(NEW))).toEqual(['nothing', undefined]);
  });

  test('says who hands over, and who does not and why', () => {
    const seen = (name: string, why: string) => ({
      host: host(name),
      seen: {
        kind: 'observed' as const,
        observation: observation([running(OLD)]),
        compiled: compiled({ noHandover: () => why }),
      },
    });
    const plan = assemble(planInput([seen('edge-01', ''), seen('edge-02', 'its unit differs')]));
    expect(describeRollout(plan, 15).join('\n')).toContain(
      'handover     1 instance without a restart\n               edge-02@1 restarts: its unit differs',
    );
  });
});
