import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { tryProfile } from '../../src/certs/settings.ts';
import { makeAuthority } from './authority.ts';

const authority = makeAuthority();
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function place(options: TlsOptions) {
  // RSA, so that the old suites are possible at all.
  const { cert, key } = authority.issue(['shop.test'], { rsaBits: 2_048 });
  const server = createServer({ cert, key, ...options });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => socket.on('error', () => undefined));
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port, server: 'shop.test' };
}

const GOOD = 'ECDHE-RSA-AES128-GCM-SHA256';
const problemsOf = async (options: TlsOptions, profile: 'intermediate' | 'modern' = 'intermediate') => {
  const verdict = await tryProfile(await place(options), profile);
  return verdict.kind === 'tried' ? verdict.problems : verdict.why;
};

test('what does as its profile says has no problem', async () => {
  expect(await problemsOf({ minVersion: 'TLSv1.2', ciphers: `${GOOD}:TLS_AES_128_GCM_SHA256` })).toEqual([]);
  expect(await problemsOf({ minVersion: 'TLSv1.3' }, 'modern')).toEqual([]);
});

test.each<[TlsOptions, 'intermediate' | 'modern', RegExp]>([
  [
    { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' },
    'intermediate',
    /^TLS 1.0 and 1.1: granted \(TLSv1.1 .*suites without AEAD.*: granted.*suites without forward secrecy: granted/s,
  ],
  [
    { minVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256' },
    'intermediate',
    /^suites without forward secrecy: granted \(TLSv1.2 TLS_RSA_WITH_AES_128_GCM_SHA256\)\nTLS 1.2 with ECDHE and AEAD: refused/,
  ],
  [{ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: GOOD }, 'intermediate', /^TLS 1.3: refused/],
  [{ minVersion: 'TLSv1.2' }, 'modern', /TLS 1.2 with ECDHE and AEAD: granted/],
])('what does not is told: %#', async (options, profile, words) => {
  expect(([await problemsOf(options, profile)].flat() as string[]).join('\n')).toMatch(words);
});

test('who does not answer has refused nothing', async () => {
  const where = await place({});
  const server = servers.pop();
  await new Promise((done) => server?.close(done));
  expect(await tryProfile(where, 'intermediate')).toEqual({
    kind: 'unclear',
    why: 'TLS 1.0 and 1.1: econnrefused',
  });
});
