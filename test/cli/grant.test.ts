import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { grantOf } from '../../src/cli/grant.ts';

/** The ed25519 key of all zeros. */
const KEY = `ssh-ed25519 ${Buffer.concat([Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0 ', 'latin1'), Buffer.alloc(32)]).toString('base64')} ci`;

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pdeploy-grant-'));
  writeFileSync(join(dir, 'key.pub'), `${KEY}\n`);
  writeFileSync(join(dir, 'key'), '-----BEGIN OPENSSH PRIVATE KEY-----\n');
});
afterAll(() => rmSync(dir, { recursive: true }));

const grant = (flags: { readonly [name: string]: unknown }) =>
  grantOf({ key: join(dir, 'key.pub'), ...flags });

test('what is not said is the least', () => {
  expect(grant({})).toMatchObject({ login: 'pdeploy', policy: 'deploy', services: [], from: [] });
  expect(grant({ policy: 'host' })).toMatchObject({ policy: 'host' });
  expect(grant({ service: ['edge', 'web'], from: ['192.0.2.0/24', '!2001:db8::1'] })).toMatchObject({
    services: ['edge', 'web'],
    from: ['192.0.2.0/24', '!2001:db8::1'],
    keys: [{ type: 'ssh-ed25519', comment: 'ci' }],
  });
});

test.each([
  ['a private key', () => ({ key: join(dir, 'key') }), 'it is a private key'],
  ['a key that is not there', () => ({ key: join(dir, 'absent') }), 'cannot be read: ENOENT'],
  ['no key', () => ({ key: undefined }), 'which key may log in?'],
  ['root', () => ({ user: 'root' }), '--user root cannot be a deploy login'],
  ['sudoers syntax in a name', () => ({ user: 'a, b' }), '--user a, b cannot be a deploy login'],
  ['a newline in a name', () => ({ user: 'a\nb' }), 'cannot be a deploy login'],
  ['a quote in an address', () => ({ from: ['1.2.3.4",command="sh'] }), 'is no address or pattern'],
  ['two words as a service', () => ({ service: ['edge\npolicy host'] }), 'cannot be a service'],
  ['services under the host policy', () => ({ policy: 'host', service: ['edge'] }), 'every service'],
])('%s is refused', (_what, flags, words) => {
  expect(() => grant(flags())).toThrow(words);
});
