import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cacheArtifact } from '../../src/execute/artifact.ts';
import { payloadOf } from '../../src/execute/payload.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pdeploy-artifact-'));
  vi.stubEnv('XDG_CACHE_HOME', join(dir, 'cache'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const sha = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

test('a payload unpacks to the release, whichever encoding is asked for', async () => {
  const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
  writeFileSync(join(dir, 'app'), content);
  const artifact = await cacheArtifact({ kind: 'path', path: 'app' }, 'app', dir);
  expect(artifact.sha256).toBe(sha(content));
  const texts = [{ path: 'config/1.json', mode: 0o444, content: Buffer.from('{}\n') }];
  const payload = payloadOf(artifact, 'the manifest\n', texts);
  for (const [encoding, flag] of [
    ['tar.zst', '--zstd'],
    ['tar.gz', '--gzip'],
  ] as const) {
    const out = mkdtempSync(join(dir, 'out-'));
    const bytes = await buffer(
      payload.open(encoding, [{ path: 'meta', mode: 0o644, content: Buffer.from('extra') }], 'all'),
    );
    if (encoding === 'tar.zst') expect(bytes.length).toBeGreaterThan(payload.size - 1);
    execFileSync('tar', ['-x', flag, '-C', out], { input: bytes });
    expect(sha(readFileSync(join(out, 'release/bin/app')))).toBe(artifact.sha256);
    expect(readFileSync(join(out, 'release/config/1.json'), 'utf8')).toBe('{}\n');
    expect(readFileSync(join(out, 'release/manifest'), 'utf8')).toBe('the manifest\n');
    expect(readFileSync(join(out, 'meta'), 'utf8')).toBe('extra');
  }
  const small = await buffer(payload.open('tar.zst', [], 'texts'));
  expect(small.length).toBe(payload.sizeOfTexts);
  expect(execFileSync('tar', ['-t', '--zstd'], { input: small, encoding: 'utf8' })).toBe(
    'release/manifest\nrelease/config/1.json\n',
  );
});

test('a binary that was built again under the same name is another artifact', async () => {
  writeFileSync(join(dir, 'app'), 'one');
  const one = await cacheArtifact({ kind: 'path', path: 'app' }, 'app', dir);
  writeFileSync(join(dir, 'app'), 'two');
  const two = await cacheArtifact({ kind: 'path', path: 'app' }, 'app', dir);
  expect([one.sha256, two.sha256]).toEqual([sha('one'), sha('two')]);
});

test('a missing binary is the fault of the user, told with its path', async () => {
  await expect(cacheArtifact({ kind: 'path', path: 'nope' }, 'app', dir)).rejects.toMatchObject({
    code: 'PD2120',
    exitCode: 2,
    message: expect.stringContaining(join(dir, 'nope')),
  });
});

test('a download counts only with the digest it should have, and is fetched once', async () => {
  let asked = 0;
  const server = createServer((_req, res) => {
    asked += 1;
    res.end('binary');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/app`;
  try {
    const wrong = cacheArtifact({ kind: 'url', url, sha256: sha('other') }, 'app', dir);
    await expect(wrong).rejects.toMatchObject({ code: 'PD3023', exitCode: 3 });
    const right = { kind: 'url', url, sha256: sha('binary') } as const;
    expect((await cacheArtifact(right, 'app', dir)).sha256).toBe(sha('binary'));
    await cacheArtifact(right, 'app', dir);
    expect(asked).toBe(2);
    const left = readdirSync(join(dir, 'cache/pdeploy/downloads'));
    expect(left).toEqual([sha('binary')]);
  } finally {
    server.close();
  }
});
