import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { askThrough } from '../../../src/execute/through/ask.ts';
import { lookThrough } from '../../../src/execute/through/see-through.ts';
import type { ThroughWanted } from '../../../src/health/through.ts';
import type { ThroughFronts } from '../../../src/model/through.ts';
import { type Haproxy, hasProgram, startHaproxy } from '../../haproxy.ts';

const NEW = '9b7e01d'.padEnd(64, '0');
const OLD = '4f1c2a9'.padEnd(64, '0');
const wanted: ThroughWanted = {
  release: { release: NEW, label: 'v2' },
  before: { release: OLD, label: 'v1' },
  pid: 77,
  up: true,
  patient: false,
};

/** Says its release and pid, and remembers the connections it got. */
async function instance(release: string, status = 200) {
  let connections = 0;
  const hosts: (string | undefined)[] = [];
  const server = createServer((req, res) => {
    hosts.push(req.headers.host);
    res.writeHead(status, { 'x-release': release, 'x-pid': '77' }).end();
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections, hosts };
}

async function balancer(servers: { readonly [name: string]: number }): Promise<Haproxy> {
  const proxy = await startHaproxy(servers);
  onTestFinished(proxy.end);
  return proxy;
}

function look(port: number, change: Partial<ThroughFronts> = {}, also: Partial<ThroughWanted> = {}) {
  const front = { name: 'lb-1', address: '127.0.0.1', port };
  const through: ThroughFronts = {
    url: 'http://shop.example/version?token=x',
    balancers: ['lb-1'],
    headers: {},
    instance: { in: 'x-server', is: 'edge-01-1' },
    release: 'x-release',
    pid: 'x-pid',
    status: [200],
    times: 3,
    withinMs: 20_000,
    timeoutMs: 5_000,
    fronts: [front],
    ...change,
  };
  const stop = new AbortController().signal;
  return lookThrough(through, front, { ...wanted, ...also }, stop, (signal) =>
    askThrough(through, front, signal),
  );
}

test.runIf(hasProgram('haproxy'))(
  'asks over new connections until the balancer has chosen the instance',
  async () => {
    const [one, two] = [await instance(NEW), await instance(OLD)];
    const { port } = await balancer({ 'edge-01-1': one.port, 'edge-02-1': two.port });
    const { asked, failure } = await look(port);
    expect(failure).toBeUndefined();
    expect(asked).toBeGreaterThanOrEqual(5);
    expect(one.hosts).toEqual(['shop.example', 'shop.example', 'shop.example']);
  },
);

test.runIf(hasProgram('haproxy'))('the release on another instance is no proof for this one', async () => {
  const [one, two] = [await instance(OLD), await instance(NEW)];
  const { port } = await balancer({ 'edge-01-1': one.port, 'edge-02-1': two.port });
  const { failure } = await look(port, { withinMs: 1_000 });
  expect(failure?.code).toBe('PD4032');
  expect(failure?.message).toMatch(
    /^was not seen at http:\/\/shop\.example\/version through lb-1 within 1 s: asked \d+ times: .*answered as release 4f1c2a9/,
  );
  expect(failure?.message).toContain('reached edge-02-1');
});

test.runIf(hasProgram('haproxy'))('503 of a balancer that has nobody for it ends it at once', async () => {
  const { port } = await balancer({ 'edge-01-1': 1 });
  const { asked, failure } = await look(port);
  expect(asked).toBe(1);
  expect(failure?.message).toBe('is wrong at http://shop.example/version through lb-1: answered 503');
});

test.runIf(hasProgram('haproxy'))(
  'each request is a connection of its own, to the balancer too',
  async () => {
    const one = await instance(NEW);
    const proxy = await balancer({ 'edge-01-1': one.port });
    await look(proxy.port);
    const info = await proxy.ask('show stat -1 1 -1');
    const [head = '', front = ''] = info.split('\n');
    const column = head.split(',').indexOf('conn_tot');
    expect(Number(front.split(',')[column])).toBe(3);
  },
);

test('a balancer that nobody answers at is asked until the time is over', async () => {
  const { failure } = await look(1, { withinMs: 1_000 });
  expect(failure?.message).toMatch(/within 1 s: asked \d+ times: connection refused \(\d+\)$/);
});

test('an answer that never comes is no answer', async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { failure } = await look(port, { withinMs: 1_000, timeoutMs: 300 });
  expect(failure?.message).toContain('no answer in time');
});
