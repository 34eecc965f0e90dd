import { expect, test } from 'vitest';
import { refuseOvertaken } from '../../src/execute/overtaken.ts';
import type { Event, EventBody } from '../../src/model/event.ts';
import type { Observation } from '../../src/model/facts.ts';
import { NEW, OLD, planOf } from '../arbitraries/plan.ts';

const plan = planOf(1);
const [host] = plan.hosts;
const id = host?.instances[0]?.id ?? '';

/** The record of a deployment whose controller died while the instance was in hand; it had epoch 1. */
const past: readonly Event[] = (
  [
    { type: 'lease.acquired', host: host?.host ?? '', epoch: 1 },
    { type: 'prepare.started', host: host?.host ?? '' },
    { type: 'prepare.finished', host: host?.host ?? '', bytesSent: 0, ms: 1, changes: [] },
    { type: 'prepare.completed' },
    { type: 'wave.started', wave: 1, instances: [id], canary: false },
    { type: 'update.started', instance: id, opId: 'd-1-0', from: OLD, to: NEW },
  ] satisfies EventBody[]
).map((body, n) => ({ ...body, v: 1, seq: n + 1, at: '', t: n, deployment: 'd-1' }));

function resumed(current: string, epoch: number, holder?: string): () => void {
  const instances = new Map([['1', { current }]]);
  const lease = holder === undefined ? {} : { lease: { deployment: holder } };
  const seen = { instances, epoch, ...lease } as unknown as Observation;
  return () => refuseOvertaken(plan, past, new Map([[host?.host ?? '', seen]]));
}

test('what was in hand is asked about when nobody else was there', () => {
  expect(resumed(OLD, 1)).not.toThrow();
  expect(resumed(NEW, 1)).not.toThrow();
  expect(resumed(NEW, 2, 'd-1')).not.toThrow();
});

test('somebody who was there meanwhile and went away again is no obstacle', () => {
  expect(resumed(OLD, 2)).not.toThrow();
});

test('the same release, brought by somebody else, is not this deployment’s', () => {
  expect(resumed(NEW, 2)).toThrow('somebody has deployed since d-1 was interrupted');
  expect(resumed('f'.repeat(64), 1)).toThrow('somebody has deployed since d-1 was interrupted');
});
