import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { readPem, signatureOid } from '../../src/certs/pem.ts';
import { certificateProblems, lostNames } from '../../src/certs/validate.ts';
import { makeAuthority, makePair, type Pair } from './authority.ts';

const HOUR = 3_600_000;
const authority = makeAuthority();
const NAMES = ['shop.test', '*.shop.test'];
const good = authority.issue(NAMES);

function problems(pair: Pair, over: { readonly skew?: number; readonly servers?: readonly string[] } = {}) {
  const at = Date.now() + (over.skew ?? 0) * HOUR;
  const found = certificateProblems({
    chain: readPem(pair.cert).chain,
    key: pair.key,
    servers: over.servers ?? ['shop.test', 'www.shop.test'],
    roots: [authority.root.cert],
    settleMs: 300_000,
    clocks: { earliest: at, latest: at },
  });
  return found.map(({ code, message }) => `${code} ${message}`);
}

test('a good certificate has no problem, of EC and of RSA', () => {
  expect(problems(good)).toEqual([]);
  expect(problems(authority.issue(NAMES, { rsaBits: 2_048 }))).toEqual([]);
});

test.each<readonly [string, Pair, string]>([
  [
    'the key of another',
    { ...good, key: authority.issue(NAMES).key },
    'PD3502 the key is not that of CN=shop',
  ],
  ['no key', { ...good, key: 'none' }, 'PD3502 the key cannot be read'],
  [
    'a missing intermediate',
    { ...good, cert: good.cert.slice(0, good.cert.indexOf('-----END') + 26) },
    'PD3503 no trusted root issued CN=shop.test: the certificate of CN=Test intermediate is missing',
  ],
  ['a root in the chain', { ...good, cert: good.cert + authority.root.cert }, 'PD3503 the root CN=Test root'],
  [
    'a wrong order',
    {
      ...good,
      cert: good.cert
        .split(/(?=-----BEGIN)/)
        .reverse()
        .join(''),
    },
    'PD3503 CN=shop.test in the chain is no authority',
  ],
  [
    'the intermediate of somebody else',
    { ...good, cert: good.cert.split(/(?=-----BEGIN)/)[0] + makeAuthority().middle.cert },
    'PD3503 CN=Test intermediate follows CN=shop.test in the chain and did not issue it',
  ],
  ['another root', makeAuthority().issue(NAMES), 'PD3503 no trusted root issued CN=Test intermediate'],
  ['a start in the future', authority.issue(NAMES, { from: 2 }), 'PD3504 CN=shop.test is valid from'],
  ['a start just now', authority.issue(NAMES, { from: 0 }), 'which is not yet 300 s ago'],
  ['an end in the past', authority.issue(NAMES, { until: -1 }), 'PD3505 CN=shop.test is valid until'],
  ['a missing name', authority.issue(['shop.test']), 'PD3506 it is not good for www.shop.test, but for DNS:'],
  ['a weak key', authority.issue(NAMES, { rsaBits: 1_024 }), 'PD3508 the key of CN=shop.test is weak: RSA'],
  ['a weak signature', authority.issue(NAMES, { sha1: true }), 'PD3508 CN=shop.test has a weak signature'],
])('%s is told', (_, pair, words) => {
  expect(problems(pair).join('\n')).toContain(words);
});

test('the clock of a host decides, whatever this machine thinks', () => {
  expect(problems(good, { skew: -48 }).join()).toContain('PD3504');
  expect(problems(good, { skew: 24 * 90 }).join()).toContain('PD3505');
});

test('an address is a name too', () => {
  const pair = authority.issue(['10.0.0.1']);
  expect(problems(pair, { servers: ['10.0.0.1'] })).toEqual([]);
  expect(problems(pair, { servers: ['10.0.0.2'] }).join()).toContain('PD3506');
});

test('what the old certificate was good for and the new one is not', () => {
  const [old, next] = [['a.test', 'b.test', 'c.test'], ['b.test']].map(
    (names) => new X509Certificate(authority.issue(names).cert),
  );
  if (old === undefined || next === undefined) throw new Error('no certificates');
  expect(lostNames(old, next)).toEqual(['DNS:a.test', 'DNS:c.test']);
  expect(lostNames(next, old)).toEqual([]);
});

test('without roots a self-signed certificate will do', () => {
  const pair = makePair('self', { names: ['shop.test'] });
  const at = Date.now();
  const input = {
    chain: readPem(pair.cert).chain,
    key: pair.key,
    servers: ['shop.test'],
    settleMs: 300_000,
    clocks: { earliest: at, latest: at },
  };
  expect(certificateProblems({ ...input, roots: undefined })).toEqual([]);
  expect(certificateProblems({ ...input, roots: [authority.root.cert] })).toHaveLength(1);
  expect(certificateProblems({ ...input, roots: [pair.cert] })).toEqual([]);
});

test('nothing in DER is believed: an odd structure has no algorithm', () => {
  const { raw } = new X509Certificate(good.cert);
  expect(signatureOid(raw)).toBe('2a8648ce3d040302');
  for (const cut of [0, 1, 2, 5, 40]) expect(signatureOid(raw.subarray(0, cut))).toBe('');
});
