import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint, keyType } from '../../src/transport/key-blob.ts';
import { judgeKey, knownHost, onlyAuthorities } from '../../src/transport/known-hosts/judge.ts';
import { knownHostsReader } from '../../src/transport/known-hosts/load.ts';
import { knownHostsName, namesMatch } from '../../src/transport/known-hosts/match.ts';
import { parseKnownHosts } from '../../src/transport/known-hosts/parse.ts';
import { knownHostsLine, recordHostKey } from '../../src/transport/known-hosts/record.ts';
import { makeKey, type TestKey } from './support/keys.ts';
import { removeDir, tempDir } from './support/temp-dir.ts';

let dir: string;
let key: TestKey;
let other: TestKey;

beforeAll(async () => {
  dir = await tempDir();
  key = await makeKey(dir, 'key');
  other = await makeKey(dir, 'other', 'ecdsa');
});

afterAll(() => removeDir(dir));

/** Line numbers at which `ssh-keygen -F` finds the name. */
function linesOfSshKeygen(file: string, name: string): number[] {
  try {
    const told = execFileSync('ssh-keygen', ['-F', name, '-f', file], { stdio: 'pipe' }).toString();
    return [...told.matchAll(/found: line (\d+)/g)].map((match) => Number(match[1]));
  } catch {
    return [];
  }
}

function ourLines(text: string, name: string): number[] {
  return parseKnownHosts(text, 'f')
    .filter((line) => namesMatch(line.names, name))
    .map((line) => line.line);
}

const NAMES = [
  'plain.example.org',
  'PLAIN.example.org',
  'alias',
  '198.51.100.7',
  '[198.51.100.7]:2222',
  '[plain.example.org]:22',
  'web-1.example.net',
  'web-12.example.net',
  'not-this.example.net',
  'deep.web-1.example.net',
  '2001:db8::1',
  '[2001:db8::1]:2200',
  'hidden.example.org',
  '[hidden.example.org]:2222',
  'revoked.example.org',
  'ca.example.com',
];

function sample(): string {
  const k = key.publicLine;
  return [
    '# a comment',
    '',
    `plain.example.org,alias,198.51.100.7 ${k} a comment`,
    `[198.51.100.7]:2222 ${other.publicLine}`,
    `   \t web-?.example.net\t${k}`,
    `*.example.net,!not-this.example.net ${other.publicLine}`,
    `!alias,alia* ${k}`,
    `2001:db8::1 ${k}\r`,
    `[2001:db8::1]:2200 ${k}`,
    `@revoked revoked.example.org,198.51.100.* ${k}`,
    `@cert-authority *.example.com ${other.publicLine}`,
    `@unheard-of nothing ${k}`,
    'nothing ssh-ed25519 not!base64',
    `nothing ssh-rsa ${k.split(' ')[1]}`,
    'nothing',
    `hidden.example.org,[hidden.example.org]:2222 ${k}`,
    `last.example.org ${k}`,
  ].join('\n');
}

describe('known_hosts', () => {
  it('finds the lines that ssh-keygen finds, plain and hashed', async () => {
    const file = join(dir, 'plain');
    await writeFile(file, sample());
    for (const name of NAMES)
      expect([name, ourLines(sample(), name)]).toEqual([name, linesOfSshKeygen(file, name)]);
    const hashed = join(dir, 'hashed');
    await writeFile(hashed, sample().replace(/^@unheard.*\n|^nothing.*\n/gm, ''));
    execFileSync('ssh-keygen', ['-H', '-f', hashed], { stdio: 'pipe' });
    const text = await readFile(hashed, 'utf8');
    expect(text).toContain('|1|');
    // ssh makes a name small before it looks it up, ssh-keygen does not.
    const found = (name: string): number[] => linesOfSshKeygen(hashed, name.toLowerCase());
    for (const name of NAMES) expect([name, ourLines(text, name)]).toEqual([name, found(name)]);
  });

  it('passes over lines that hold no key, which ssh-keygen still lists', () => {
    expect(ourLines(sample(), 'nothing')).toEqual([]);
  });

  it('agrees with ssh-keygen about any patterns', async () => {
    const file = join(dir, 'patterns');
    const pattern = fc.string({
      unit: fc.constantFrom('a', 'b', '.', '*', '?', '-'),
      minLength: 1,
      maxLength: 6,
    });
    const entry = fc.tuple(fc.boolean(), pattern).map(([negated, p]) => (negated ? `!${p}` : p));
    const names = fc.array(entry, { minLength: 1, maxLength: 4 });
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        names,
        name.filter((n) => !n.startsWith('-')),
        async (entries, wanted) => {
          const text = `${entries.join(',')} ${key.publicLine}\n`;
          await writeFile(file, text);
          expect(ourLines(text, wanted)).toEqual(linesOfSshKeygen(file, wanted));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never throws over what a file holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        expect(knownHost(parseKnownHosts(text, 'f'), 'host').name).toBe('host');
      }),
      { numRuns: 300 },
    );
  });

  it('stays quick over a hostile pattern', () => {
    const started = performance.now();
    expect(namesMatch(`${'*a'.repeat(500)}b`, 'a'.repeat(2_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('looks up the address, with the port when it is not 22', () => {
    expect(knownHostsName('Edge.Example.org', 22)).toBe('edge.example.org');
    expect(knownHostsName('198.51.100.7', 2222)).toBe('[198.51.100.7]:2222');
  });

  it('tells fingerprint and type as ssh-keygen does', () => {
    expect(fingerprint(key.blob)).toBe(key.fingerprint);
    expect(fingerprint(other.blob)).toBe(other.fingerprint);
    expect(keyType(other.blob)).toBe('ecdsa-sha2-nistp256');
    expect(keyType(Buffer.from([0, 0, 1, 0, 65]))).toBeUndefined();
  });
});

describe('the verdict on a host key', () => {
  const about = (text: string) => knownHost(parseKnownHosts(text, 'f'), 'h');

  it('is known, changed or unknown', () => {
    expect(judgeKey(about(`h ${key.publicLine}`), key.blob)).toMatchObject({
      kind: 'known',
      line: { line: 1 },
    });
    expect(judgeKey(about(`h ${other.publicLine}`), key.blob)).toMatchObject({ kind: 'changed' });
    expect(judgeKey(about(`g ${key.publicLine}`), key.blob)).toEqual({ kind: 'unknown' });
  });

  it('is revoked even when the key is listed as well, in whatever order', () => {
    const good = `h ${key.publicLine}`;
    const bad = `@revoked * ${key.publicLine}`;
    expect(judgeKey(about(`${good}\n${bad}`), key.blob)).toMatchObject({
      kind: 'revoked',
      line: { line: 2 },
    });
    expect(judgeKey(about(`${bad}\n${good}`), key.blob)).toMatchObject({
      kind: 'revoked',
      line: { line: 1 },
    });
  });

  it('does not take the key of a certificate authority for that of a host', () => {
    const host = about(`@cert-authority * ${key.publicLine}`);
    expect(judgeKey(host, key.blob)).toEqual({ kind: 'unknown' });
    expect(onlyAuthorities(host)).toBe(true);
  });
});

describe('known_hosts files', () => {
  it('are empty when they are not there, read again when they change, and refused when they cannot be read', async () => {
    const read = knownHostsReader();
    const file = join(dir, 'changing');
    expect(await read([file, join(dir, 'absent')])).toEqual([]);
    await writeFile(file, `h ${key.publicLine}\n`);
    expect(await read([file])).toHaveLength(1);
    await writeFile(file, `h ${key.publicLine}\ng ${key.publicLine}\n`);
    expect(await read([file])).toHaveLength(2);
    await expect(read([dir])).rejects.toThrow(/EISDIR/);
  });

  it('get a line of their own for a new key, also after a file without a last line end', async () => {
    const file = join(dir, 'made', 'known');
    await recordHostKey(file, knownHostsLine('[h]:2222', key.blob));
    await writeFile(file, (await readFile(file, 'utf8')).trimEnd());
    await recordHostKey(file, knownHostsLine('g', other.blob));
    expect(await readFile(file, 'utf8')).toBe(`[h]:2222 ${key.publicLine}\ng ${other.publicLine}\n`);
    expect(linesOfSshKeygen(file, '[h]:2222')).toEqual([1]);
  });
});
