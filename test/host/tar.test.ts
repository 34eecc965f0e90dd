import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { packTar, packTarBuffer, type TarEntry } from '../../src/host/tar.ts';

async function bytes(entries: readonly TarEntry[], options?: { end?: boolean }): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of packTar(entries, options)) parts.push(part);
  return Buffer.concat(parts);
}

function unpack(archive: Buffer, check: (dir: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-tar-'));
  try {
    const tar = spawnSync('tar', ['-x', '-p', '--no-same-owner', '-f', '-', '-C', dir], {
      input: archive,
      encoding: 'utf8',
    });
    expect([tar.status, tar.stderr]).toEqual([0, '']);
    check(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test('tar unpacks what was packed: names, modes, bytes, from memory and from streams', async () => {
  const long = `release/${'d'.repeat(80)}/${'e'.repeat(60)}/${'f'.repeat(40)}`;
  const big = Buffer.alloc(1_234_567, 'pdeploy');
  const entries: readonly TarEntry[] = [
    { path: 'empty', mode: 0o600, content: Buffer.alloc(0) },
    { path: 'block', mode: 0o755, content: Buffer.alloc(512, 1) },
    { path: long, mode: 0o640, content: Buffer.from('é\n') },
    {
      path: 'bin/big',
      mode: 0o555,
      size: big.length,
      open: () => Readable.from([big.subarray(0, 7), big.subarray(7)]),
    },
  ];
  unpack(await bytes(entries), (dir) => {
    expect(readFileSync(join(dir, 'bin/big')).equals(big)).toBe(true);
    expect(readFileSync(join(dir, long), 'utf8')).toBe('é\n');
    expect(
      ['empty', 'block', long, 'bin/big'].map((name) => statSync(join(dir, name)).mode & 0o7777),
    ).toEqual([0o600, 0o755, 0o640, 0o555]);
  });
});

test('an open archive can be continued', async () => {
  const first = await bytes([{ path: 'a', mode: 0o644, content: Buffer.from('1') }], { end: false });
  unpack(
    Buffer.concat([first, packTarBuffer([{ path: 'b', mode: 0o644, content: Buffer.from('2') }])]),
    (dir) => {
      expect(readFileSync(join(dir, 'a'), 'utf8') + readFileSync(join(dir, 'b'), 'utf8')).toBe('12');
    },
  );
});

test('any contents survive', () => {
  const name = fc.stringMatching(/^[a-z0-9_.]{1,20}x$/);
  const files = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 2000 })), {
    selector: ([n]) => n,
    maxLength: 6,
  });
  fc.assert(
    fc.property(files, (list) => {
      unpack(packTarBuffer(list.map(([path, content]) => ({ path, mode: 0o644, content }))), (dir) => {
        for (const [path, content] of list) expect(readFileSync(join(dir, path)).equals(content)).toBe(true);
      });
    }),
    { numRuns: 20 },
  );
});

test.each([5, 20])('a stream of %i bytes that was announced with 10 is an error', async (size) => {
  const entry = { path: 'a', mode: 0o644, size: 10, open: () => Readable.from([Buffer.alloc(size)]) };
  await expect(bytes([entry])).rejects.toThrow("'a' changed its size");
});

test.each(['/abs', 'a/../b', './a', 'a//b', 'a b', 'é', '', 'a\nb', 'x'.repeat(300)])(
  '%j is no path for an archive',
  (path) => {
    expect(() => packTarBuffer([{ path, mode: 0o644, content: Buffer.alloc(0) }])).toThrow(RangeError);
  },
);
