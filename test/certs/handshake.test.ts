import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { handshake } from '../../src/certs/handshake.ts';
import { fingerprintOf, readPem } from '../../src/certs/pem.ts';
import { probeOutside } from '../../src/execute/outside-probe.ts';
import { checkProbe } from '../../src/health/check-probe.ts';
import type { Probe } from '../../src/model/health.ts';
import { tls } from '../../src/resource/probes.ts';
import { makeAuthority, makePair, type Pair } from './authority.ts';

const authority = makeAuthority();
const roots = [authority.root.cert];
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const print = (pair: Pair): string => fingerprintOf(readPem(pair.cert).chain[0] ?? expect.fail('no leaf'));

function beyondItsAuthority(): Pair {
  const issuer = makePair('elsewhere', { isCa: true, issuer: authority.root, permits: 'other.test' });
  const leaf = makePair('shop.test', { issuer, names: ['shop.test'] });
  return { ...leaf, cert: leaf.cert + issuer.cert };
}

/** Shows its pairs in turn. */
async function serve(...pairs: readonly Pair[]): Promise<number> {
  let turn = 0;
  const server = createServer({ cert: pairs[0]?.cert, key: pairs[0]?.key, ALPNProtocols: ['http/1.1'] });
  server.on('connection', () => {
    turn += 1;
    const next = pairs[turn % pairs.length];
    if (next !== undefined) server.setSecureContext({ cert: next.cert, key: next.key });
  });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => socket.on('error', () => undefined));
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

const look = (port: number, server = 'shop.test', timeoutMs = 5_000) =>
  handshake({ address: '127.0.0.1', port, server, timeoutMs, roots });

test('a handshake shows the certificate and whether a client would go on', async () => {
  const pair = authority.issue(['shop.test', '127.0.0.1']);
  const port = await serve(pair);
  expect(await look(port)).toMatchObject({ ok: true, fingerprint: print(pair), refused: '' });
  expect(await look(port, '127.0.0.1')).toMatchObject({ ok: true, refused: '' });
  expect(await look(port, 'other.test')).toMatchObject({ refused: 'it is not good for other.test' });
});

test('the server has nothing to complain of', async () => {
  const port = await serve(authority.issue(['shop.test']));
  const server = servers.at(-1);
  const seen: string[] = [];
  server?.on('tlsClientError', (error) => seen.push(error.message));
  server?.on('secureConnection', (socket) => {
    seen.push('done');
    socket.resume();
  });
  for (let n = 0; n < 5; n += 1) await look(port);
  await expect.poll(() => seen).toEqual(['done', 'done', 'done', 'done', 'done']);
});

test.each([
  ['expired', authority.issue(['shop.test'], { until: -1 }), 'it has expired'],
  ['too early', authority.issue(['shop.test'], { from: 1 }), 'it is not yet valid'],
  ['unknown', makeAuthority('Other').issue(['shop.test']), 'no trusted root issued it'],
  [
    'against the rules of who issued it',
    beyondItsAuthority(),
    'a rule of its chain forbids it, such as the names that its authority may issue for',
  ],
])('a client refuses what is %s', async (_, pair, why) => {
  expect(await look(await serve(pair))).toMatchObject({ ok: true, refused: why });
});

test('an intermediate that is missing is told', async () => {
  const pair = authority.issue(['shop.test']);
  const leaf = readPem(pair.cert).chain[0]?.toString() ?? '';
  expect(await look(await serve({ ...pair, cert: leaf }))).toMatchObject({
    refused: 'an intermediate certificate is missing',
  });
});

test('who does not answer is told', async () => {
  const port = await serve(authority.issue(['shop.test']));
  servers[0]?.close();
  await new Promise((done) => servers[0]?.on('close', done));
  expect(await look(port)).toEqual({ ok: false, error: 'connection refused' });
});

test('20 of 20 connections must be shown the new certificate', async () => {
  const [old, next] = [authority.issue(['shop.test']), authority.issue(['shop.test'])];
  const probe = tls({ port: 1, server: 'shop.test', fingerprint: print(next) });
  const asked = async (port: number) => {
    const trust = { kind: 'roots' as const, pem: authority.root.cert };
    const one = { ...probe, port, trust } as Extract<Probe, { kind: 'tls' }>;
    const [raw] = await probeOutside('127.0.0.1', [one]);
    return checkProbe(one, raw, { release: '', label: '' }, '127.0.0.1');
  };
  expect(await asked(await serve(next))).toMatchObject({ ok: true, detail: '20 handshakes' });
  const mixed = await asked(await serve(...Array.from({ length: 19 }, () => next), old));
  expect(mixed).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^[1-9]\d* of 20 connections got/),
  });
  expect(await asked(await serve(old))).toMatchObject({ ok: false });
});
