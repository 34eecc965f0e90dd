import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { minisignProblem, parseMinisignature, parseMinisignKey } from '../../src/host/minisign.ts';
import { isOlder, parseSignedFacts, targetMachine } from '../../src/host/signed-facts.ts';
import { comment, MACHINE, newSigner } from '../signing.ts';

const dir = mkdtempSync(join(tmpdir(), 'pdeploy-minisign-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Of minisign 0.11 (Debian 12): `hi` and a newline, signed with the secret key of this public one. */
const KEY = 'RWSozzkoI9pR+1WcNfpkxF3vvNCUlgjCROsliPEGMz1x7ThTksxNsbE/';
const SIGNATURE = `untrusted comment: signature from minisign secret key
RUSozzkoI9pR+9cxc7U2wZbMg/5ilATVOP7nkxqHcl9K/3ms+T2PKf5OeVmV4Sh5AKM0YKfhy46aVoUsW1k3j3YUkxRPX2m3eQQ=
trusted comment: service=edge version=1.2.3 target=x86_64 sha256=98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4
BgEANpOiy8OLs6QrJGR9HdLj5iP07o+ZTPY3qyWCLaPGl7lNLnHjgtdC9R2kW7lz8eUUzg/ouzdoEO0ahbybDg==
`;
const OLD_FORMAT = `untrusted comment: signature from minisign secret key
RWSozzkoI9pR+92yml2wTOCrUa0bArZP9wq9ieshnyGulgiBYoQXBQsZcoEkywJpqMmN2JAAt7rM12PAaD3IUC0Xj5Qh07HIEws=
trusted comment: timestamp:1795675864	file:f
0z/7qXol5Ef3pe2MjIf8G6HBYCGxb1yrff4oDb+9gWHAiK2pANT3EiERnQRDHluezWbzP8kfiGuJdKLGhRxZAw==
`;

/** Undefined when the signature is good. */
function check(text: string, publicKey: string, content: Uint8Array | string): string | undefined {
  const key = parseMinisignKey(publicKey);
  if (key === undefined) return 'no key';
  const signed = parseMinisignature(text);
  if (typeof signed === 'string') return signed;
  return minisignProblem(signed, key, createHash('blake2b512').update(content).digest());
}

test('a signature of minisign is good, and shows its key as minisign does', () => {
  expect(check(SIGNATURE, KEY, 'hi\n')).toBeUndefined();
  expect(check(SIGNATURE.trimEnd(), KEY, 'hi\n')).toBeUndefined();
  expect(parseMinisignKey(KEY)?.id).toBe('FB51DA232839CFA8');
});

test('the minisign of this machine makes signatures that are good here', () => {
  const signer = newSigner(dir, 'a');
  const file = join(dir, 'program');
  writeFileSync(file, Buffer.alloc(3_000_000, 7));
  const text = signer.sign(file, 'anything at all');
  expect(check(text, signer.publicKey, readFileSync(file))).toBeUndefined();
  const other = newSigner(dir, 'b');
  expect(check(text, other.publicKey, readFileSync(file))).toMatch(/^it was made with key [0-9A-F]{16}, and/);
  expect(check(signer.sign(file, 'x', '-l'), signer.publicKey, readFileSync(file))).toBe(
    'it is in the old format: sign again without -l',
  );
});

test('another file, another comment, the old format', () => {
  expect(check(SIGNATURE, KEY, 'ho\n')).toBe('it is not the signature of this file');
  expect(check(SIGNATURE.replace('1.2.3', '1.2.4'), KEY, 'hi\n')).toBe('its trusted comment was changed');
  expect(check(OLD_FORMAT, KEY, 'hi\n')).toContain('old format');
});

test('a changed character anywhere but in the untrusted comment is found', () => {
  const first = SIGNATURE.indexOf('\n') + 1;
  fc.assert(
    fc.property(
      fc.integer({ min: first, max: SIGNATURE.trimEnd().length - 1 }),
      fc.constantFrom(...'ABCabc019 +/='),
      (at, char) => {
        const text = `${SIGNATURE.slice(0, at)}${char}${SIGNATURE.slice(at + 1)}`;
        // The last character of base64 has bits that nothing reads.
        fc.pre(text !== SIGNATURE && SIGNATURE[at + 1] !== '=');
        expect(check(text, KEY, 'hi\n')).toBeTypeOf('string');
      },
    ),
  );
});

test.each([
  ['', 'it is not the four lines that minisign writes'],
  [`${SIGNATURE}\n`, 'it is not the four lines that minisign writes'],
  [SIGNATURE.replaceAll('\n', '\r\n'), 'it holds characters that a signature does not have'],
  [SIGNATURE.replace('RUS', 'R!S'), 'it is damaged'],
  [SIGNATURE.replace('RUS', 'RUSA'), 'it is damaged'],
  [SIGNATURE.replace('RUS', 'SUS'), 'it is of an algorithm that is not known here'],
  [SIGNATURE.replace('untrusted', 'trusted'), 'it is not the four lines that minisign writes'],
])('%j is no signature', (text, why) => {
  expect(parseMinisignature(text)).toBe(why);
});

test.each(['', 'RW', KEY.slice(1), `${KEY}A`, KEY.replace('RW', 'RU'), `untrusted comment: x\n${KEY}`])(
  '%j is no public key',
  (text) => {
    expect(parseMinisignKey(text)).toBeUndefined();
  },
);

describe('the facts of a trusted comment', () => {
  const good = { service: 'edge', version: '1.4.2', target: 'x86_64', sha256: 'a'.repeat(64) };

  test('are read, in any order and among other words', () => {
    expect(parseSignedFacts(comment(good))).toEqual(good);
    expect(
      parseSignedFacts(`by=me\tsha256=${good.sha256} target=x86_64  version=1.4.2 x service=edge`),
    ).toEqual(good);
    expect(targetMachine('x86_64-unknown-linux-gnu')).toBe('x86_64');
    expect(MACHINE).toMatch(/^[a-z0-9_]+$/);
  });

  test.each([
    ['', 'its trusted comment does not say service, version, target, sha256'],
    ['service=edge version=1', 'its trusted comment does not say target, sha256'],
    [`${comment(good)} version=2`, 'its trusted comment says version twice'],
    [comment({ ...good, version: 'v1' }), 'its trusted comment has no version of the right form'],
    [comment({ ...good, version: '1.04' }), 'its trusted comment has no version of the right form'],
    [comment({ ...good, version: '1..4' }), 'its trusted comment has no version of the right form'],
    [comment({ ...good, sha256: 'A'.repeat(64) }), 'its trusted comment has no sha256 of the right form'],
    [comment({ ...good, service: 'Edge' }), 'its trusted comment has no service of the right form'],
    [comment({ ...good, target: '' }), 'its trusted comment has no target of the right form'],
  ])('%s', (text, why) => {
    expect(parseSignedFacts(text)).toBe(why);
  });

  test.each([
    ['1.9', '1.10', true],
    ['1.10', '1.9', false],
    ['1.2', '1.2.0', false],
    ['1.2', '1.2.1', true],
    ['2', '1.99.99', false],
    ['0', '0.0.1', true],
  ])('%s is older than %s: %s', (a, b, older) => {
    expect(isOlder(a, b)).toBe(older);
  });
});
