import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { isOlder } from '../../../src/host/signed-facts.ts';
import { decodeLeaseReply, leaseRequest } from '../../../src/host/verbs/lease.ts';
import { decodePrepare, prepareRequest } from '../../../src/host/verbs/prepare.ts';
import { sha256 } from '../../../src/util/digest.ts';
import { type Facts, MACHINE, newSigner } from '../../signing.ts';
import { anyRequest, localAgent, SHELLS } from './local-agent.ts';

const isRoot = process.getuid?.() === 0;
const dir = mkdtempSync(join(tmpdir(), 'pdeploy-signature-'));
const signer = newSigner(dir, 'a');
const other = newSigner(dir, 'b');
const UNIT = '[Service]\nExecStart=/run/pdeploy/svc/%i/current/bin/app\n';
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Files = { readonly [path: string]: string };

/** A release of a program, whatever it says, with its signature and with any other files. */
function files(program: string, signature: string | undefined, more: Files = {}): Files {
  return { 'bin/app': program, unit: UNIT, ...(signature === undefined ? {} : { signature }), ...more };
}

const signed = (program: string, facts: Partial<Facts> = {}, by = signer): Files =>
  files(program, by.signContent(program, facts));

describe.runIf(isRoot).each(SHELLS)('%s', (_name, argv) => {
  const agent = localAgent(argv);
  afterAll(() => agent.end());
  const policy = (text: string) => {
    mkdirSync(join(agent.root, 'etc/pdeploy'), { recursive: true });
    writeFileSync(join(agent.root, 'etc/pdeploy/policy'), text);
  };
  let epoch = 0;
  /** Of the last release that was prepared. */
  let notes: readonly string[] = [];
  beforeEach(() => {
    rmSync(join(agent.root, 'var/lib/pdeploy/svc'), { recursive: true, force: true });
    rmSync(join(agent.root, 'opt/pdeploy/svc'), { recursive: true, force: true });
    policy(`policy host\n# who may sign\nminisign svc ${signer.publicKey}`);
    const asked = { service: 'svc', deployment: 'd', holder: 'h', ttlSeconds: 60, manual: false, reason: '' };
    const lease = decodeLeaseReply(agent.call(leaseRequest({ opId: 'l-1', action: 'acquire', ...asked })));
    epoch = lease?.kind === 'granted' ? lease.epoch : 0;
  });

  const manifestOf = (content: Files, modes: Files) =>
    Object.entries(content)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, text]) => `${sha256(text)} ${modeOf(path, modes)} ${path}\n`)
      .join('');
  const modeOf = (path: string, modes: Files) => modes[path] ?? (path.startsWith('bin/') ? '0755' : '0444');

  /** Whether the agent takes the release: '' or its code and words. */
  const prepare = (content: Files, options: { downgrade?: boolean; modes?: Files } = {}): string => {
    const { modes = {} } = options;
    const manifest = manifestOf(content, modes);
    const request = prepareRequest({
      opId: 'p-1',
      service: 'svc',
      epoch,
      deployment: 'd',
      release: { id: sha256(manifest), label: 'v "1"', createdAt: 'now', metadata: {} },
      hostRelease: { service: 'svc', digest: sha256(manifest), manifest, files: [] },
      instances: ['1'],
      ops: [],
      content: 'absent',
      ...(options.downgrade === true ? { downgrade: true } : {}),
    });
    const own = request.payload !== 'none' && 'entries' in request.payload ? request.payload.entries : [];
    const entry = (path: string, mode: string, text: string) => ({
      path: `release/${path}`,
      mode: Number.parseInt(mode, 8),
      content: Buffer.from(text),
    });
    const entries = [
      entry('manifest', '0444', manifest),
      ...Object.entries(content).map(([path, text]) => entry(path, modeOf(path, modes), text)),
      ...own,
    ];
    const reply = agent.call({ ...request, payload: { entries } });
    notes = decodePrepare(reply.lines).notes;
    const staged = existsSync(join(agent.root, 'opt/pdeploy/svc/releases', sha256(manifest)));
    if (reply.kind !== 'error') return staged ? '' : 'it was not staged';
    return `${reply.code}: ${reply.message}${staged ? ' (and yet it is there)' : ''}`;
  };

  test('a signed release is taken, and one that is not signed is not', () => {
    expect(prepare(signed('v1'))).toBe('');
    expect(prepare(files('v2', undefined))).toBe(
      'unsigned: the release is not signed as this host wants it: it has no signature',
    );
    policy('policy host\n');
    expect(prepare(files('v2', undefined))).toBe('');
  });

  test.each<[string, () => Files, string]>([
    [
      'another program under the signature',
      () => files('evil', signer.signContent('v1', {})),
      'not of this program',
    ],
    ['another key', () => signed('v1', {}, other), 'a key that this host does not pin'],
    ['another service', () => signed('v1', { service: 'other' }), 'signed for service other'],
    [
      'another processor',
      () => signed('v1', { target: 's390x-linux' }),
      `signed for s390x-linux, this host is ${MACHINE}`,
    ],
    ['another digest', () => signed('v1', { sha256: 'b'.repeat(64) }), 'signed for another program'],
    ['no version', () => signed('v1', { version: 'next' }), 'no version that can be compared'],
    [
      'a comment that was changed',
      () => files('v1', signer.signContent('v1', {}).replace('version=1.0.0', 'version=9.0.0')),
      'the trusted comment was changed',
    ],
    [
      'a flipped bit',
      () =>
        files(
          'v1',
          signer.signContent('v1', {}).replace(/^(RU.{40})(.)/m, (_, a, b) => a + (b === 'A' ? 'B' : 'A')),
        ),
      'not of this program',
    ],
    ['no signature at all', () => files('v1', 'hello\n'), 'not the four lines'],
    ['a second program', () => ({ ...signed('v1'), 'bin/b': 'x' }), 'bin/ has more'],
    ['a line too many', () => files('v1', `${signer.signContent('v1', {})}x`), 'not the four lines'],
    ['the version twice', () => files('v1', sign2('v1')), 'says version twice'],
  ])('%s is refused', (_what, content, why) => {
    const said = prepare(content());
    expect(said).toMatch(/^unsigned: /);
    expect(said).toContain(why);
    expect(said).not.toContain('and yet');
  });

  test('the old format, which signs no digest, is refused', () => {
    const file = join(dir, 'old');
    writeFileSync(file, 'v1');
    expect(prepare(files('v1', signer.sign(file, 'x', '-l')))).toContain('sign again without -l');
  });

  test('a file beside the program that could be started is refused', () => {
    const content = { ...signed('v1'), 'lib/run.sh': 'evil' };
    expect(prepare(content)).toBe('');
    expect(prepare(content, { modes: { 'lib/run.sh': '0544' } })).toContain('lib/run.sh can be started');
  });

  test('of several pinned keys any will do', () => {
    policy(`policy host\nminisign svc ${other.publicKey}\nminisign svc ${signer.publicKey}\n`);
    expect(prepare(signed('v1'))).toBe('');
    expect(prepare(signed('v1', {}, other))).toBe('');
    policy(`policy host\nminisign else ${other.publicKey}\n`);
    expect(prepare(files('v2', undefined))).toBe('');
  });

  test('a release that was taken when its key was pinned is looked at anew under another', () => {
    expect(prepare(signed('v1'))).toBe('');
    policy(`policy host\nminisign svc ${other.publicKey}\n`);
    expect(prepare(signed('v1'))).toContain('a key that this host does not pin');
  });

  test.each(['minisign svc RWx', 'minisign svc', 'minisgn svc RWx', `minisign svc R${'A'.repeat(55)}`])(
    'a policy that says %s lets nothing through',
    (line) => {
      policy(`policy host\n${line}\n`);
      expect(prepare(signed('v1'))).toMatch(/^refused-by-policy: /);
    },
  );

  test('without openssl nothing can be checked, and nothing is taken', () => {
    const programs = join(agent.root, 'programs');
    const shown = agent.eval(
      `mkdir -p ${programs}; for f in base64 od tr wc cat; do ln -sf $(command -v $f) ${programs}/$f; done
       PATH=${programs}; pins=x sig=x global=x; die() { echo "$*"; exit 0; }; verify_signature x`,
    );
    expect(shown.stdout).toContain('there is no openssl here to check it with');
  });

  test('an openssl that cannot verify is not taken for a bad signature', () => {
    const stub = join(agent.root, 'bin/openssl');
    writeFileSync(stub, '#!/bin/sh\n[ "$1" = dgst ] && exec /usr/bin/openssl "$@"\nexit 1\n');
    chmodSync(stub, 0o755);
    const said = prepare(signed('v1'));
    rmSync(stub);
    expect(said).toContain('openssl is too old here');
  });

  test('a version older than what was proven needs a word of its own, and the host policy', () => {
    expect(prepare(signed('v2', { version: '2.0.0' }))).toBe('');
    writeFileSync(join(agent.root, 'var/lib/pdeploy/svc/version_mark'), '1.10\n');
    const old = signed('v1', { version: '1.9' });
    expect(prepare(old)).toBe('downgrade: version 1.9 is older than 1.10, which was proven on this host');
    expect(prepare(old, { downgrade: true })).toBe('');
    rmSync(join(agent.root, 'opt/pdeploy/svc'), { recursive: true });
    policy(`policy deploy\nservice svc\nminisign svc ${signer.publicKey}\n`);
    expect(prepare(old, { downgrade: true })).toMatch(/^refused-by-policy: .*from version 1.10 to 1.9/);
  });

  test('versions are compared as on the controller', () => {
    const all = ['0', '1', '1.0', '1.0.1', '1.2', '1.9', '1.10', '2', '10.0', '2.999999999'];
    const pairs = all.flatMap((a) => all.map((b) => [a, b] as const));
    const shown = agent.eval(
      'while read -r a b; do if older "$a" "$b"; then echo 1; else echo 0; fi; done',
      `${pairs.map((p) => p.join(' ')).join('\n')}\n`,
    );
    expect(shown.stdout.trim().split('\n')).toEqual(pairs.map(([a, b]) => (isOlder(a, b) ? '1' : '0')));
  });

  test('a host without a key keeps the versions of signed releases all the same', () => {
    policy('policy host\n');
    expect(prepare(signed('v2', { version: '2.0' }))).toBe('');
    expect(notes).toEqual(['no key is pinned here for svc, so only pdeploy checked the signature']);
    const digest = sha256(manifestOf(signed('v2', { version: '2.0' }), {}));
    const finished = agent.call(
      anyRequest('finish', [
        ['service', 'svc'],
        ['epoch', epoch],
        ['deployment', 'd'],
        ['keep', digest],
        ['proven', digest],
      ]),
    );
    expect(finished.kind).toBe('ok');
    expect(agent.read('var/lib/pdeploy/svc/version_mark')).toBe('2.0\n');
  });

  test.each([
    ['PDEPLOY_RELEASE=1\nLD_PRELOAD=/opt/x.so\n', false],
    ['PDEPLOY_LABEL="a" B="c"\n', false],
    ['PDEPLOY_RELEASE=0af1\nPDEPLOY_LABEL="v1 \\"x\\" \\\\"\n', true],
  ])('the environment %j', (env, good) => {
    const shown = agent.eval(
      `in=${agent.root}/env; mkdir -p $in; cat >$in/env; die() { echo "$*"; exit 0; }; check_metas; echo good`,
      env,
    );
    expect(shown.stdout.split('\n')[0]).toBe(
      good ? 'good' : 'bad-request env has more than the names of the release',
    );
  });

  test('under the deploy policy nothing but the signed program is started', () => {
    policy(`policy deploy\nservice svc\nminisign svc ${signer.publicKey}\n`);
    const ask = (...fields: Parameters<typeof anyRequest>[1]) => {
      const reply = agent.call(anyRequest('watch', [['service', 'svc'], ['instance', '1'], ...fields]));
      return reply.kind === 'error' ? `${reply.code}: ${reply.message}` : '';
    };
    const refused = /^refused-by-policy: this host starts signed programs only/;
    expect(ask(['test', '=/bin/sh', '=-c', '=id'])).toMatch(refused);
    expect(ask(['test', '={dir}/config/run'])).toMatch(refused);
    expect(ask(['probe', 0, 'exec', 1000, '=/bin/sh'])).toMatch(refused);
    expect(ask(['probe', 0, 'exec', 1000, '=/run/pdeploy/svc/2/current/bin/app'])).toMatch(refused);
    expect(ask(['test', '={dir}/bin/../config/x'])).toBe('bad-request: program');
    expect(
      ask(['test', '={dir}/bin/app'], ['probe', 0, 'exec', 1000, '=/run/pdeploy/svc/1/current/bin/app']),
    ).toBe("bad-request: 'to' is missing");
  });
});

function sign2(program: string): string {
  return signer.signContent(program, { version: '1.0 version=2.0' });
}
