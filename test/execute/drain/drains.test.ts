import { expect, test } from 'vitest';
import { openDrains } from '../../../src/execute/drain/drains.ts';
import type { Fleet } from '../../../src/execute/fleet.ts';
import type { CallResult } from '../../../src/execute/host-link.ts';
import type { Located } from '../../../src/execute/target.ts';
import type { AgentRequest } from '../../../src/host/request.ts';
import type { Drain } from '../../../src/model/drain.ts';
import type { EventBody } from '../../../src/model/event.ts';

const DRAIN: Drain = {
  kind: 'haproxy',
  balancers: ['lb-1', 'lb-2'],
  backend: 'edge',
  server: 'edge-01-1',
  socket: '/run/haproxy/admin.sock',
  waitMs: 0,
};

/** Drains of one instance. @param admin bits of the server on each balancer: 1 maintenance, 8 drain */
function drainsWith(admin: { readonly [balancer: string]: number }) {
  const asked: string[] = [];
  const events: string[] = [];
  const fleet = {
    link: (name: string) => ({
      host: { name },
      call: async (request: AgentRequest): Promise<CallResult> => {
        const action = /^action (\w+)$/m.exec(request.header)?.[1] ?? '';
        asked.push(`${action} ${name}`);
        const lines = action === 'check' || action === 'up' ? [`server 0 ${admin[name]} UP`] : ['left 0'];
        return { kind: 'ok', lines };
      },
    }),
  } as unknown as Fleet;
  const at = {
    host: { host: 'edge-01' },
    instance: { id: 'edge-01@1', name: '1', action: 'restart' },
    target: { host: { connection: { address: '192.0.2.1' } }, drains: new Map([['1', [DRAIN]]]) },
  } as unknown as Located;
  const drains = openDrains({
    fleet,
    deployment: 'd-1',
    service: 'edge',
    epoch: () => 1,
    gone: new AbortController().signal,
    cwd: '/',
    past: [],
    record: (body: EventBody) => {
      events.push(body.type);
      drains.see({ v: 1, seq: 1, at: '', t: 0, deployment: 'd-1', ...body });
    },
  });
  return { drains, at, asked, events };
}

test('one that was drained and came back is known to be up, and no longer once it is drained again', async () => {
  const { drains, at } = drainsWith({ 'lb-1': 0, 'lb-2': 0 });
  expect(drains.isSeenUp('edge-01@1')).toBe(false);
  expect(await drains.drain(at, 1_000)).toBeUndefined();
  expect(await drains.undrain(at)).toBeUndefined();
  expect(drains.isSeenUp('edge-01@1')).toBe(true);
  await drains.drain(at, 1_000);
  expect(drains.isSeenUp('edge-01@1')).toBe(false);
});

test.each([1, 8, 9])('one that a balancer keeps out (%i) is held, whoever was drained', async (bits) => {
  const { drains, at, asked } = drainsWith({ 'lb-1': 0, 'lb-2': bits });
  expect(await drains.isHeld(at)).toBe(true);
  expect(asked).toEqual(['check lb-1', 'check lb-2']);
  // Nobody has drained it, so nobody has seen it come back.
  expect(drains.isSeenUp('edge-01@1')).toBe(false);
});

test('one that all balancers give traffic is not held', async () => {
  const { drains, at } = drainsWith({ 'lb-1': 0, 'lb-2': 0 });
  expect(await drains.isHeld(at)).toBe(false);
});
