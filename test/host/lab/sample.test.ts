import { afterAll, beforeAll, expect, test } from 'vitest';

import { decodeSample, type HostSample } from '../../../src/host/decode/sample.ts';
import { watchRequest } from '../../../src/host/verbs/watch.ts';
import type { HealthCheck, Probe } from '../../../src/model/health.ts';
import { testRelease, webHealth } from './service.ts';
import { freshId, openWorld, type World } from './world.ts';

const SERVICE = 'probes';
const one = testRelease(SERVICE, { page: `start ${'x'.repeat(9000)}` });
let world: World;

beforeAll(async () => {
  world = await openWorld(0, SERVICE);
  await world.deploy(one, '7801');
});
afterAll(() => world.end());

async function watch(health: Partial<HealthCheck>, seconds = 1): Promise<readonly HostSample[]> {
  const answer = await world.client.call(
    watchRequest({
      opId: freshId('w'),
      service: SERVICE,
      instance: '7801',
      expect: one.hostRelease.digest,
      binary: 'busybox',
      health: webHealth(7801, health),
      streamSeconds: seconds,
    }),
  );
  if (answer.kind !== 'ok') throw new Error(JSON.stringify(answer));
  return answer.lines.map(decodeSample).filter((sample) => sample !== undefined);
}

const http = (more: Partial<Extract<Probe, { kind: 'http' }>> = {}): Probe => ({
  kind: 'http',
  port: 7801,
  path: '/',
  tls: false,
  expect: {},
  timeoutMs: 500,
  from: ['host'],
  ...more,
});

test('headers and the first 4 KiB of the body arrive, a missing page is a status', async () => {
  const [sample] = await watch({
    probes: [http(), http({ path: "/no?'such$(page);&x=1", hostHeader: 'example.org:99' })],
  });
  expect(sample?.probes).toMatchObject([
    { kind: 'http', id: '0', status: 200, error: '', body: expect.stringMatching(/^start x{4090}$/) },
    { kind: 'http', id: '1', status: 404, error: '' },
  ]);
  const headers = sample?.probes[0]?.kind === 'http' ? new Map(sample.probes[0].headers) : new Map();
  expect(headers.get('content-type')).toBe('text/html');
});

test('each kind of probe tells what it saw, in the order of the request', async () => {
  const [sample] = await watch({
    probes: [
      http({ port: 7898 }),
      { kind: 'tcp', port: 7898, timeoutMs: 500, from: ['host'] },
      { kind: 'tcp', port: 7801, timeoutMs: 500, from: ['host'] },
      {
        kind: 'exec',
        argv: ['/bin/sh', '-c', 'test "$1" = "a b;\n" && exit 5', 'x', 'a b;\n'],
        timeoutMs: 500,
      },
      { kind: 'exec', argv: ['/bin/sleep', '9'], timeoutMs: 200 },
      { kind: 'http', port: 7801, path: '/', tls: true, expect: {}, timeoutMs: 500, from: ['host'] },
      http({ from: ['outside'] }),
      { kind: 'systemd' },
    ],
    listens: [7801, 7898],
  });
  expect(sample?.missingListens).toEqual([7898]);
  expect(sample?.probes).toMatchObject([
    { id: '0', kind: 'http', status: 0, error: 'connection refused' },
    { id: '1', kind: 'tcp', ok: false, error: 'connection refused' },
    { id: '2', kind: 'tcp', ok: true, error: '' },
    { id: '3', kind: 'exec', code: 5 },
    { id: '4', kind: 'exec', code: 124 },
    { id: '5', kind: 'http', status: 0, error: 'TLS handshake failed' },
  ]);
});

test('a listener of another process is not ours', async () => {
  const helper = world.client.sh('timeout 4 busybox nc -l -p 7897 >/dev/null </dev/zero; true');
  await expect.poll(async () => (await world.client.sh('ss -Hltn "sport = :7897"')).stdout).not.toBe('');
  const [sample] = await watch({ listens: [7801, 7897] });
  expect(sample?.missingListens).toEqual([7897]);
  await helper;
});

test('a process that was killed and restarted shows in the count, and a replaced binary is not the release', async () => {
  await world.client.sh(`systemctl kill -s KILL ${SERVICE}@7801; systemctl restart ${SERVICE}@7801`);
  const [sample] = await watch({});
  expect(sample).toMatchObject({
    exeMatch: true,
    activeState: 'active',
    subState: 'running',
    result: 'success',
  });
  const bin = `/opt/pdeploy/${SERVICE}/releases/${one.hostRelease.digest}/bin/busybox`;
  await world.client.sh(`cp ${bin} ${bin}.new; echo >>${bin}.new; mv ${bin}.new ${bin}`);
  expect((await watch({}))[0]?.exeMatch).toBe(false);
  const seen = await world.observe(['7801']);
  expect(seen.instances.get('7801')?.running).toBe('');
  expect(seen.releases[0]?.intact).toBe(false);
});

test('without curl and ss the same is seen', async () => {
  const hide = (tool: string) => `mv /usr/bin/${tool} /usr/bin/${tool}.hidden;`;
  const show = (tool: string) => `mv /usr/bin/${tool}.hidden /usr/bin/${tool};`;
  await world.client.sh(hide('curl') + hide('ss'));
  const samples = await watch({
    probes: [http(), http({ port: 7898 }), http({ tls: true })],
    listens: [7801, 7898],
  }).finally(() => world.client.sh(show('curl') + show('ss')));
  expect(samples[0]?.missingListens).toEqual([7898]);
  expect(samples[0]?.probes).toMatchObject([
    { status: 200, body: expect.stringMatching(/^start x+/) },
    { status: 0, error: 'connection refused' },
    { status: 0, error: expect.stringMatching(/.+/) },
  ]);
});

test('rounds come at the interval', async () => {
  const samples = await watch({ intervalMs: 300 }, 3);
  const gaps = samples
    .slice(2)
    .map((sample, index) => sample.hostMs - (samples[index + 1]?.hostMs ?? 0))
    .sort((a, b) => a - b);
  const median = gaps[Math.floor(gaps.length / 2)];
  expect(median).toBeGreaterThanOrEqual(280);
  expect(median).toBeLessThan(600);
  expect(samples.length).toBeGreaterThan(5);
});
