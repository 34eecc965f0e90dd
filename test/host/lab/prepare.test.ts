import { gzipSync, zstdCompressSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { packTarBuffer, type TarEntry, tarHeader } from '../../../src/host/tar.ts';
import {
  decodePrepare,
  hostEntries,
  type PrepareInput,
  prepareRequest,
} from '../../../src/host/verbs/prepare.ts';
import { sha256 } from '../../../src/util/digest.ts';
import { type TestRelease, testRelease } from './service.ts';
import { freshId, must, openWorld, type World } from './world.ts';

const SERVICE = 'stage';
let world: World;

beforeAll(async () => {
  world = await openWorld(0, SERVICE);
});
afterAll(() => world.end());

function input(release: TestRelease, more: Partial<PrepareInput> = {}): PrepareInput {
  return {
    opId: freshId('p'),
    ...world.ids,
    release: { id: release.hostRelease.digest, label: 'x', createdAt: '', metadata: {} },
    hostRelease: release.hostRelease,
    instances: ['7601'],
    ops: [],
    content: 'tar',
    ...more,
  };
}

type MemoryEntry = Extract<TarEntry, { content: Uint8Array }>;

const inMemory = (entries: readonly TarEntry[]): readonly MemoryEntry[] =>
  entries.filter((entry): entry is MemoryEntry => 'content' in entry);

/** Sends any bytes as the payload of a prepare. */
async function send(prepare: PrepareInput, payload: Buffer) {
  const request = prepareRequest(prepare);
  const ran = await world.client.raw(Buffer.concat([Buffer.from(request.header), payload]));
  return ran.stdout.trim().split('\n');
}

async function code(prepare: PrepareInput, payload: Buffer): Promise<string> {
  return (await send(prepare, payload)).at(-1)?.split(' ')[3] ?? '';
}

async function releasesOnHost(): Promise<string> {
  return (
    await world.client.sh(`ls /opt/pdeploy/${SERVICE}/releases /opt/pdeploy/${SERVICE}/.incoming 2>/dev/null`)
  ).stdout;
}

describe('a payload that is not what was announced leaves nothing behind', () => {
  const release = testRelease(SERVICE, { page: 'bad' });
  const good = inMemory(release.entries);
  const replaced = (path: string, change: (entry: MemoryEntry) => MemoryEntry) =>
    packTarBuffer(good.map((entry) => (entry.path === path ? change(entry) : entry)));
  const link = (type: string) => {
    const header = tarHeader('release/www/index.html', 0o777, 0);
    header.write(type, 156, 'latin1');
    header.write('/etc/shadow', 157, 'latin1');
    header.write('        ', 148, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    const others = packTarBuffer(good.filter((entry) => entry.path !== 'release/www/index.html'));
    return Buffer.concat([header, others]);
  };
  const cases: readonly (readonly [string, string, () => Buffer])[] = [
    [
      'a changed byte',
      'verify-failed',
      () => replaced('release/www/index.html', (e) => ({ ...e, content: Buffer.from('bax') })),
    ],
    [
      'another mode',
      'verify-failed',
      () => replaced('release/www/index.html', (e) => ({ ...e, mode: 0o666 })),
    ],
    ['a setuid bit', 'verify-failed', () => replaced('release/bin/busybox', (e) => ({ ...e, mode: 0o4755 }))],
    [
      'a changed manifest',
      'verify-failed',
      () =>
        replaced('release/manifest', (e) => ({
          ...e,
          content: Buffer.concat([e.content, Buffer.from('\n')]),
        })),
    ],
    [
      'a missing file',
      'verify-failed',
      () => packTarBuffer(good.filter((e) => e.path !== 'release/www/index.html')),
    ],
    [
      'an extra file',
      'verify-failed',
      () => packTarBuffer([...good, { path: 'release/extra', mode: 0o644, content: Buffer.from('x') }]),
    ],
    ['a symbolic link', 'bad-request', () => link('2')],
    ['a hard link', 'bad-request', () => link('1')],
    ['a device', 'bad-request', () => link('3')],
    ['half of the bytes', 'bad-request', () => packTarBuffer(good).subarray(0, 300_000)],
    ['no archive', 'bad-request', () => Buffer.from('this is not a tar archive'.repeat(100))],
    ['nothing', 'not-found', () => packTarBuffer([])],
  ];

  test.each(cases)('%s', async (_name, expected, payload) => {
    expect(await code(input(release), payload())).toBe(expected);
    expect(await releasesOnHost()).not.toContain(release.hostRelease.digest);
    expect((await world.client.sh(`ls /opt/pdeploy/${SERVICE}/.incoming`)).stdout).toBe('');
  });

  test('a name that leaves the directory', async () => {
    const header = tarHeader('aa/bb', 0o644, 3);
    header.write('../x\0', 0, 'latin1');
    header.write('        ', 148, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    const body = Buffer.alloc(512);
    body.write('pwn');
    await send(input(release), Buffer.concat([header, body, packTarBuffer(good)]));
    expect((await world.client.sh(`find /opt/pdeploy/${SERVICE} -name x`)).stdout).toBe('');
  });

  test('a manifest that names files outside', async () => {
    const manifest = `${sha256('x')} 0644 ../../evil\n`;
    const lie: TestRelease = {
      hostRelease: { ...release.hostRelease, manifest, digest: sha256(manifest) },
      entries: [],
    };
    const payload = packTarBuffer([
      { path: 'release/manifest', mode: 0o644, content: Buffer.from(manifest) },
    ]);
    expect(await code(input(lie), payload)).toBe('verify-failed');
  });
});

describe('a release', () => {
  test.each([
    ['tar.gz', gzipSync],
    ['tar.zst', zstdCompressSync],
  ] as const)('arrives as two concatenated %s members', async (content, compress) => {
    const release = testRelease(SERVICE, { page: content });
    const prepare = input(release, { content });
    const head = packTarBuffer(inMemory(release.entries));
    const first = compress(head.subarray(0, head.length - 1024));
    const second = compress(packTarBuffer(inMemory(hostEntries(prepare))));
    const lines = await send(prepare, Buffer.concat([first, second]));
    expect(decodePrepare(lines).stage).toBe('stored');
    expect((await world.observe([])).releases).toContainEqual(
      expect.objectContaining({ digest: release.hostRelease.digest, intact: true, label: 'x' }),
    );
  });

  test('that is there is not asked for again, until somebody touches it', async () => {
    const release = testRelease(SERVICE, { page: 'kept' });
    must(await world.prepare(release, ['7601']));
    const absent = prepareRequest(input(release, { content: 'absent' }));
    expect(decodePrepare(must(await world.client.call(absent)).lines).stage).toBe('present');
    const dir = `/opt/pdeploy/${SERVICE}/releases/${release.hostRelease.digest}`;
    await world.client.sh(`printf kepT >${dir}/www/index.html; touch -d @0 ${dir}/www/index.html`);
    const seen = (await world.observe([])).releases.find((r) => r.digest === release.hostRelease.digest);
    expect(seen?.intact).toBe(false);
    const again = prepareRequest(input(release, { content: 'absent' }));
    expect(await world.client.call(again)).toMatchObject({ kind: 'error', code: 'not-found' });
    const { answer } = await world.activate({ instance: '7601', from: undefined, to: release });
    expect(answer).toMatchObject({ kind: 'error', code: 'not-found' });
    must(await world.prepare(release, ['7601']));
    expect((await world.client.sh(`cat ${dir}/www/index.html`)).stdout).toBe('kept');
  });

  test('an extra file in it is noticed as well', async () => {
    const release = testRelease(SERVICE, { page: 'extra' });
    must(await world.prepare(release, ['7601']));
    await world.client.sh(`echo x >/opt/pdeploy/${SERVICE}/releases/${release.hostRelease.digest}/bin/more`);
    const seen = (await world.observe([])).releases.find((r) => r.digest === release.hostRelease.digest);
    expect(seen?.intact).toBe(false);
  });

  test('its files belong to root and the group of the service', async () => {
    const release = testRelease(SERVICE, {
      page: 'own',
      user: 'daemon',
      files: [{ path: 'config/secret.yaml', mode: '0640', text: 'password: x\n' }],
    });
    must(await world.prepare(release, ['7601']));
    const dir = `/opt/pdeploy/${SERVICE}/releases/${release.hostRelease.digest}`;
    const facts = await world.client.sh(
      `stat -c '%a %U %G' ${dir}/config/secret.yaml; setpriv --reuid daemon --regid daemon --init-groups cat ${dir}/config/secret.yaml; setpriv --reuid nobody --regid nogroup --clear-groups cat ${dir}/config/secret.yaml`,
    );
    expect(facts.stdout).toBe('640 root daemon\npassword: x\n');
    expect(facts.stderr).toContain('Permission denied');
  });

  test('no room: refused before anything is sent over', async () => {
    const release = testRelease(SERVICE, { page: 'big' });
    const answer = await world.prepare(release, ['7601'], { reserveBytes: 1e14 });
    expect(answer).toMatchObject({
      kind: 'error',
      code: 'no-space',
      message: expect.stringContaining('MiB left'),
    });
  });
});

describe('checks before the switch', () => {
  test.each([
    ['a key that does not exist', 'Type=exec\nExecStrat=/bin/true', 'ExecStrat'],
    ['a value that is wrong', 'Type=sometimes', 'sometimes'],
    [
      'a binary that is not there',
      'Type=exec\nExecStartPre=/run/pdeploy/stage/%i/current/bin/missing',
      'missing',
    ],
  ])('a unit with %s is refused or noted', async (_name, replacement, word) => {
    const release = testRelease(SERVICE, {
      page: word,
      unit: (text) => text.replace('Type=exec', replacement),
    });
    const answer = await world.prepare(release, ['7601']);
    const words = answer.kind === 'error' ? `${answer.code} ${answer.message}` : answer.lines.join('\n');
    expect(words).toContain(word);
    expect(words).toMatch(/unit-invalid|^note /m);
  });

  test('the config test runs as the user of the unit, in the staged directory, with its arguments intact', async () => {
    const release = testRelease(SERVICE, { page: 'test', user: 'daemon' });
    const script =
      'test "$(id -un)" = daemon && test "$1" = "a \\"b\\" \\$c;\n" && test -r "$2/manifest" && pwd';
    const argv = ['/bin/sh', '-c', script, 'x', 'a "b" $c;\n', '{dir}'];
    must(await world.prepare(release, ['7601'], { test: argv }));
    const failed = await world.prepare(release, ['7601'], {
      test: ['/bin/sh', '-c', 'echo port taken >&2; exit 3'],
    });
    expect(failed).toMatchObject({ kind: 'error', code: 'test-failed' });
    expect(failed.kind === 'error' ? failed.message : '').toMatch(/status 3: port taken/);
  });
});
