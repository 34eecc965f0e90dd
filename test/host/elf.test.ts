import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { compareVersions, readElf } from '../../src/host/elf.ts';

const run = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: 'utf8' }).stdout;

describe.each(['/bin/ls', '/bin/sh', '/bin/tar', process.execPath])('%s', (path) => {
  const file = readFileSync(path);
  const info = readElf(file);

  test('machine and width', () => {
    expect(info).toMatchObject({ machine: run('uname', '-m').trim(), bits: 64 });
  });

  test('libraries and loader as readelf tells them', () => {
    const needed = [...run('readelf', '-d', path).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]);
    const loader = /program interpreter: (.*)\]/.exec(run('readelf', '-l', path))?.[1] ?? '';
    expect(needed.length).toBeGreaterThan(0);
    expect(info?.needed).toEqual(needed);
    expect(info?.interpreter).toBe(loader);
  });

  test('the newest glibc version as objdump tells it', () => {
    const versions = [...run('objdump', '-p', path).matchAll(/\bGLIBC_([\d.]+)$/gm)].map(
      (match) => match[1] ?? '',
    );
    expect(versions.length).toBeGreaterThan(0);
    expect(info?.glibc).toBe(versions.sort(compareVersions).at(-1));
  });
});

test('what is no whole ELF file is nothing', () => {
  const file = readFileSync('/bin/ls');
  expect(readElf(Buffer.alloc(0))).toBeUndefined();
  expect(
    readElf(Buffer.from('#!/bin/sh\necho hello, this is a script and no program at all\n')),
  ).toBeUndefined();
  expect(readElf(file.subarray(0, 700))).toBeUndefined();
});

test('damaged headers never throw', () => {
  const file = readFileSync('/bin/ls');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 8 }), (changes) => {
      const broken = Buffer.from(file.subarray(0, 60_000));
      for (const [at, byte] of changes) broken[at] = byte;
      expect(() => readElf(broken)).not.toThrow();
    }),
    { numRuns: 300 },
  );
});

test('versions compare as numbers', () => {
  expect(['2.9', '2.34', '2.4', '2.2.5', '2.10'].sort(compareVersions)).toEqual([
    '2.2.5',
    '2.4',
    '2.9',
    '2.10',
    '2.34',
  ]);
});
