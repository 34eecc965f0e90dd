import { expect, test } from 'vitest';
import { settleDrains } from '../../../src/execute/drain/settle.ts';
import type { Fleet } from '../../../src/execute/fleet.ts';
import type { CallResult } from '../../../src/execute/host-link.ts';
import type { AgentRequest } from '../../../src/host/request.ts';
import type { Drain } from '../../../src/model/drain.ts';

const SOCKET = '/run/haproxy/admin.sock';
const server = (name: string): Drain => ({
  kind: 'haproxy',
  balancers: ['lb-1'],
  backend: 'edge',
  server: name,
  socket: SOCKET,
  waitMs: 0,
});
/** Of the hosts that were selected. */
const DRAINS = new Map([
  [
    'edge-01',
    new Map([['1', [server('edge-01-1'), { kind: 'file', path: '/run/e/1', waitMs: 0 } as Drain]]]),
  ],
]);

/** @param noted by host, as the host tells it */
async function settled(all: boolean, noted: { readonly [host: string]: readonly string[] }, broken = '') {
  const asked: string[] = [];
  const call =
    (name: string) =>
    async (request: AgentRequest): Promise<CallResult> => {
      const field = (key: string) => new RegExp(`^${key} (.+)$`, 'm').exec(request.header)?.[1] ?? '';
      if (field('action') === 'noted') return { kind: 'ok', lines: noted[name] ?? [] };
      asked.push(`${name} ${field('action')} ${field('deployment')} ${field('target')}`);
      if (broken !== '' && request.header.includes(broken))
        return { kind: 'error', code: 'failed', message: 'HAProxy says no', lines: [] };
      return { kind: 'ok', lines: [] };
    };
  const fleet = { link: (name: string) => ({ host: { name }, call: call(name) }) } as unknown as Fleet;
  const back = await settleDrains({ fleet, service: 'edge', drains: DRAINS, all });
  return { back, asked };
}

const OWN = `noted d-7 - haproxy ${SOCKET} edge edge-01-1`;
const OTHER = `noted d-8 - haproxy ${SOCKET} edge edge-02-1`;

test('what the selected hosts have out comes back, and what another deployment has out of the others stays', async () => {
  const { back, asked } = await settled(false, {
    'lb-1': [OWN, OTHER],
    'edge-01': ['noted d-7 1 file /run/e/1'],
  });
  expect(asked).toEqual([
    `lb-1 ready d-7 haproxy ${SOCKET} edge edge-01-1`,
    'edge-01 ready d-7 file /run/e/1',
  ]);
  expect(back).toEqual([
    { host: 'lb-1', back: ['edge/edge-01-1'], failed: undefined },
    { host: 'edge-01', back: ['/run/e/1'], failed: undefined },
  ]);
});

test('where every host is selected, a server that the playbook does not name any more comes back too', async () => {
  const { back } = await settled(true, { 'lb-1': [OWN, OTHER] });
  expect(back[0]).toEqual({ host: 'lb-1', back: ['edge/edge-01-1', 'edge/edge-02-1'], failed: undefined });
});

test('what does not come back is said, and the rest comes back', async () => {
  const { back } = await settled(true, { 'lb-1': [OTHER, OWN] }, 'edge-02-1');
  expect(back[0]).toEqual({
    host: 'lb-1',
    back: ['edge/edge-01-1'],
    failed: expect.stringMatching(/^edge\/edge-02-1: .*HAProxy says no/),
  });
});
