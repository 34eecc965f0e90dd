import { expect, test } from 'vitest';
import type { Event, EventBody } from '../../src/model/event.ts';
import { DEFAULT_STRATEGY } from '../../src/model/strategy.ts';
import { decide } from '../../src/rollout/decide.ts';
import { start } from '../../src/rollout/start.ts';
import { transition } from '../../src/rollout/transition.ts';

const IDS = ['a@1', 'b@1'];
const failure = { code: 'PD4001', message: 'was not healthy' };

/** Both instances have failed; the first was on its way back when the controller died. */
const HISTORY: readonly EventBody[] = [
  { type: 'prepare.started', host: 'a' },
  { type: 'prepare.started', host: 'b' },
  { type: 'prepare.finished', host: 'a', bytesSent: 0, ms: 1, changes: [] },
  { type: 'prepare.finished', host: 'b', bytesSent: 0, ms: 1, changes: [] },
  { type: 'prepare.completed' },
  { type: 'wave.started', wave: 1, instances: IDS, canary: false },
  ...IDS.flatMap((instance): EventBody[] => [
    { type: 'update.started', instance, opId: `op-${instance}`, from: 'old', to: 'new' },
    { type: 'instance.failed', instance, failure, unreachable: false, restored: false },
  ]),
  { type: 'revert.started', instance: 'a@1', opId: 'back', to: 'old' },
  { type: 'deployment.resumed', actor: 'ops' },
  { type: 'deployment.stopping', by: 'SIGINT' },
];

function stateAfter(bodies: readonly EventBody[]) {
  const initial = start({
    deployment: 'd-1',
    release: { from: 'old', to: 'new' },
    strategy: { ...DEFAULT_STRATEGY, maxFailures: 2 },
    hosts: [{ name: 'a' }, { name: 'b' }],
    instances: IDS.map((id) => ({
      id,
      host: id.slice(0, 1),
      from: 'old',
      to: 'new',
      action: 'restart' as const,
      broken: false,
    })),
    waves: [{ number: 1, instances: IDS, canary: false }],
    epoch: 0,
  });
  return bodies.reduce((state, body, i) => {
    const event = { v: 1, seq: i + 1, at: '', t: i + 1, deployment: 'd-1', ...body } as Event;
    return transition(state, event);
  }, initial);
}

test('stopped right after a resume: no second instance goes back while nobody knows of the first', () => {
  const recheck = { kind: 'recheck', instance: 'a@1', during: 'revert' };
  expect(decide(stateAfter(HISTORY), 100)).toEqual([recheck]);
});

test('once it is known, the other one is brought back before it stops', () => {
  const known: readonly EventBody[] = [
    ...HISTORY,
    { type: 'recheck.started', instance: 'a@1' },
    { type: 'instance.reverted', instance: 'a@1', to: 'old', ms: 1 },
  ];
  expect(decide(stateAfter(known), 100)).toMatchObject([{ kind: 'revert', instance: 'b@1' }]);
});
