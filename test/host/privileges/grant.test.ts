import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorizedKeys, keptLines, policyText, sudoers } from '../../../src/host/privileges/grant.ts';
import { type PublicKey, parsePublicKeys } from '../../../src/host/privileges/public-keys.ts';

let dir = '';
let publicText = '';
let privateText = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pdeploy-grant-'));
  const file = join(dir, 'key');
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '1', '-N', '', '-C', 'ci of us', '-f', file]);
  publicText = readFileSync(`${file}.pub`, 'utf8');
  privateText = readFileSync(file, 'utf8');
});
afterAll(() => rmSync(dir, { recursive: true }));

function keysOf(text: string): readonly PublicKey[] {
  const parsed = parsePublicKeys(text);
  return parsed.ok ? parsed.keys : [];
}

describe('a public key file', () => {
  test('gives its keys, with the fingerprint that ssh-keygen prints', () => {
    const told = spawnSync('ssh-keygen', ['-l', '-f', join(dir, 'key.pub')], { encoding: 'utf8' }).stdout;
    const [key, ...more] = keysOf(`# a comment\n\n${publicText}`);
    expect(more).toEqual([]);
    expect(key).toMatchObject({ type: 'ssh-ed25519', comment: 'ci of us', fingerprint: told.split(' ')[1] });
    expect(keysOf(`${publicText}${publicText}`)).toHaveLength(2);
  });

  test.each([
    ['a private key', () => privateText, /private key/],
    ['nothing', () => '\n# only a comment\n', /no key/],
    ['options before the key', () => `no-pty ${publicText}`, /line 1 is no public key/],
    ['a command before the key', () => `command="sh" ${publicText}`, /line 1/],
    ['another type than the key says', () => publicText.replace('ssh-ed25519', 'ssh-rsa'), /line 1/],
    ['a certificate', () => publicText.replace('ssh-ed25519', 'ssh-ed25519-cert-v01@openssh.com'), /line 1/],
    ['half a key', () => publicText.slice(0, 20), /line 1/],
    ['a second line that is none', () => `${publicText}hello`, /line 2/],
  ])('%s is refused', (_what, text, why) => {
    expect(parsePublicKeys(text())).toEqual({ ok: false, why: expect.stringMatching(why) });
  });

  test('whatever a comment holds, a key stays one line of authorized_keys with its restrictions', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (comment) => {
        const [type = '', base64 = ''] = publicText.split(' ');
        const keys = keysOf(`${type} ${base64} ${comment}`);
        const text = authorizedKeys({
          login: 'pdeploy',
          keys,
          from: [],
          policy: 'deploy',
          services: ['edge'],
          balancers: [],
          kept: [],
        });
        for (const line of text.trimEnd().split('\n').slice(1))
          expect(line).toMatch(
            /^restrict,command="exec sudo -n \/usr\/local\/libexec\/pdeploy-agent" ssh-ed25519 /,
          );
        expect(text).toMatch(/^[ -~\n]*$/);
      }),
    );
  });
});

test('what is written to a host', () => {
  const [key] = keysOf(publicText);
  const grant = {
    login: 'pdeploy',
    keys: key === undefined ? [] : [key],
    from: ['192.0.2.0/24', '!192.0.2.9'],
    policy: 'deploy',
    services: ['edge', 'web'],
    balancers: [{ service: 'edge', socket: '/run/haproxy/admin.sock', backend: 'edge' }],
    kept: [],
  } as const;
  expect(authorizedKeys(grant)).toBe(
    '# Written by pdeploy hosts bootstrap.\n' +
      'restrict,from="192.0.2.0/24,!192.0.2.9",command="exec sudo -n /usr/local/libexec/pdeploy-agent" ' +
      publicText,
  );
  expect(sudoers('pdeploy').split('\n').slice(1)).toEqual([
    'Defaults:pdeploy !use_pty',
    'pdeploy ALL=(root) NOPASSWD: /usr/local/libexec/pdeploy-agent ""',
    '',
  ]);
  expect(policyText(grant).split('\n').slice(1)).toEqual([
    'policy deploy',
    'service edge',
    'service web',
    'balancer edge /run/haproxy/admin.sock edge',
    '',
  ]);
  expect(
    policyText({ ...grant, policy: 'host' })
      .split('\n')
      .slice(1),
  ).toEqual(['policy host', '']);
});

describe('what is in a policy already', () => {
  const PIN = 'minisign edge RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3';
  const OTHER = 'balancer edge /run/other.sock old';
  const there = `# mine\npolicy deploy\nservice other\n\t${PIN.replace(' ', '  ')}\n ${OTHER}\nfirewall x\n`;
  const grant = {
    policy: 'deploy',
    services: ['edge'],
    balancers: [{ service: 'edge', socket: '/run/haproxy/admin.sock', backend: 'edge' }],
  } as const;

  test('pinned keys and backends stay, the rest is what was asked for', () => {
    const text = policyText({ ...grant, kept: keptLines(there) });
    const lines = [
      'policy deploy',
      'service edge',
      'balancer edge /run/haproxy/admin.sock edge',
      PIN,
      OTHER,
      '',
    ];
    expect(text.split('\n').slice(1)).toEqual(lines);
    expect(policyText({ ...grant, kept: keptLines(text) })).toBe(text);
  });

  test('a pinned key binds the host policy as well', () => {
    const text = policyText({ ...grant, policy: 'host', kept: keptLines(there) });
    expect(text.split('\n').slice(1)).toEqual(['policy host', PIN, OTHER, '']);
  });

  test('where there is none nothing stays', () => {
    expect(keptLines(undefined)).toEqual([]);
  });
});
