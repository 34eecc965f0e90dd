import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { certificateId, renewalWindow } from '../../src/certs/acme/ari.ts';
import { nsupdateLines } from '../../src/certs/acme/dns.ts';
import { afterFailure, dueAt } from '../../src/certs/acme/due.ts';
import { makeAuthority } from './authority.ts';

// The example of RFC 9773, appendix A.
const RFC = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----`;
const RFC_ID = 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE';

test('a certificate is named to its CA as the RFC says', () => {
  expect(certificateId(new X509Certificate(RFC))).toBe(RFC_ID);
  expect(certificateId(new X509Certificate(makeAuthority().issue(['a.test']).cert))).toBe(undefined);
});

test('the window of the CA is taken, and what is no window is none', async () => {
  let window: object = { start: '2026-01-02T04:00:00Z', end: '2026-01-03T04:00:00Z' };
  const server = createServer((asked, answer) => {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    if (asked.url === '/dir') answer.end(JSON.stringify({ renewalInfo: `${base}/info` }));
    else if (asked.url === `/info/${RFC_ID}`) answer.end(JSON.stringify({ suggestedWindow: window }));
    else answer.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = (path = '/dir') => renewalWindow(`${base}${path}`, new X509Certificate(RFC));
  const start = Date.parse('2026-01-02T04:00:00Z');
  expect(await ask()).toEqual({ start, end: start + 86_400_000 });
  window = { start: '2026-01-03T04:00:00Z', end: '2026-01-02T04:00:00Z' };
  expect(await ask()).toBe(undefined);
  window = { start: 'soon' };
  expect(await ask()).toBe(undefined);
  expect(await ask('/none')).toBe(undefined);
  await new Promise((done) => server.close(done));
  expect(await ask()).toBe(undefined);
});

test('due in the window of the CA, at the same place for the same certificate; else after two thirds', () => {
  const life = { notBefore: 0, notAfter: 900 };
  const fingerprint = `80000000${'0'.repeat(56)}`;
  const state = { failures: 0, retryAt: 0, lastError: '' };
  expect(dueAt(life, fingerprint, state)).toBe(600);
  const window = { fingerprint, start: 100, end: 300 };
  expect(dueAt(life, fingerprint, { ...state, window })).toBe(200);
  expect(dueAt(life, 'f'.repeat(64), { ...state, window })).toBe(600);
});

test('each pause is twice as long, up to a day', () => {
  let state = { failures: 0, retryAt: 0, lastError: '' };
  const pauses = Array.from({ length: 9 }, () => {
    state = { ...state, ...afterFailure(state, 'no', 0) };
    return state.retryAt / 60_000;
  });
  expect(pauses).toEqual([15, 30, 60, 120, 240, 480, 960, 1_440, 1_440]);
  expect(state).toMatchObject({ failures: 9, lastError: 'no' });
});

test('a DNS update names its server and zone', () => {
  const challenge = {
    kind: 'rfc2136',
    server: '10.0.0.53:5353',
    keyFile: 'k',
    waitMs: 0,
    verify: true,
  } as const;
  const record = { domain: 'a.test', name: '_acme-challenge.a.test', value: 'v' } as const;
  expect(nsupdateLines({ ...challenge, zone: 'a.test' }, { ...record, action: 'present' })).toBe(
    'server 10.0.0.53 5353\nzone a.test\nupdate add _acme-challenge.a.test. 60 TXT "v"\nsend\n',
  );
  expect(nsupdateLines({ ...challenge, server: 'ns' }, { ...record, action: 'remove' })).toBe(
    'server ns\nupdate delete _acme-challenge.a.test. TXT "v"\nsend\n',
  );
});
