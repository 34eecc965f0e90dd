import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countRecipients,
  decryptFile,
  encryptFile,
  generateIdentity,
  parseIdentity,
  parseRecipient,
} from '../../src/secrets/age.ts';
import { tempProject } from '../playbook/temp-project.ts';

/** Around the borders of chunks of 64 KiB. */
const SIZES = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000];
const me = await generateIdentity();
const other = await generateIdentity();

describe('beside the program age', () => {
  const dir = (): string => tempProject({ key: `${me.text}\n` });

  test('a key has the public key that age-keygen says', async () => {
    const said = execFileSync('age-keygen', ['-y', join(dir(), 'key')], { encoding: 'utf8' });
    expect(said.trim()).toBe(me.recipient.text);
  });

  test('a key of age-keygen is read', async () => {
    const key = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const identity = await parseIdentity(/^AGE-.*$/m.exec(key)?.[0] ?? '');
    expect(identity?.recipient.text).toBe(/public key: (\S+)/.exec(key)?.[1]);
  });

  test.each(SIZES)('%i bytes go both ways, in armor and as they are', async (size) => {
    const plain = randomBytes(size);
    const at = dir();
    writeFileSync(join(at, 'file'), await encryptFile(plain, [other.recipient, me.recipient]));
    expect(execFileSync('age', ['-d', '-i', join(at, 'key'), join(at, 'file')]).equals(plain)).toBe(true);
    for (const armor of [[], ['-a']]) {
      const file = execFileSync('age', [...armor, '-r', me.recipient.text], { input: plain });
      expect(await decryptFile(file, [other, me])).toEqual({ kind: 'ok', plain });
      expect(await countRecipients(file)).toBe(1);
    }
  });
});

describe('a file', () => {
  test('opens for none but its recipients', async () => {
    const file = Buffer.from(await encryptFile(Buffer.from('text'), [me.recipient]));
    expect(await decryptFile(file, [other])).toEqual({ kind: 'no-key' });
    expect(await decryptFile(file, [])).toEqual({ kind: 'no-key' });
  });

  test('that was changed anywhere is not read as another text', async () => {
    const plain = Buffer.from('a text of some length');
    const whole = execFileSync('age', ['-r', me.recipient.text], { input: plain });
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const file = Buffer.from(whole);
        file[at] = (file[at] ?? 0) ^ bits;
        expect((await decryptFile(file, [me])).kind).not.toBe('ok');
      }),
      { numRuns: 500 },
    );
    for (let length = 0; length < whole.length; length += 1)
      expect((await decryptFile(whole.subarray(0, length), [me])).kind).not.toBe('ok');
  });

  test('whose chunks were left out, doubled or moved is broken', async () => {
    const plain = randomBytes(3 * 65_536);
    const file = execFileSync('age', ['-r', me.recipient.text], { input: plain });
    const begin = file.length - 3 * (65_536 + 16);
    const chunks = [0, 1, 2].map((n) => file.subarray(begin + n * 65_552, begin + (n + 1) * 65_552));
    const join = (...order: readonly number[]): Buffer =>
      Buffer.concat([file.subarray(0, begin), ...order.map((n) => chunks[n] ?? Buffer.alloc(0))]);
    expect((await decryptFile(join(0, 1, 2), [me])).kind).toBe('ok');
    for (const order of [[0, 1], [0, 2], [1, 0, 2], [0, 1, 2, 2], [0], []])
      expect((await decryptFile(join(...order), [me])).kind).toBe('broken');
  });

  test('of anything else is no file of age', async () => {
    for (const text of [
      '',
      'age-encryption.org/v1\n',
      'age-encryption.org/v2\n',
      '-----BEGIN AGE ENCRYPTED FILE-----\n',
      'a: b\n',
    ])
      expect((await decryptFile(Buffer.from(text), [me])).kind).toBe('broken');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const file = Buffer.concat([Buffer.from('age-encryption.org/v1\n-> X25519 '), bytes]);
        expect((await decryptFile(file, [me])).kind).not.toBe('ok');
      }),
    );
  });
});

describe('keys', () => {
  test('with a wrong letter, in mixed case or of another kind are not read', async () => {
    const { text } = me.recipient;
    expect(await parseRecipient(text)).toEqual({ text });
    expect(await parseRecipient(text.toUpperCase())).toBeUndefined();
    expect(await parseRecipient(`${text.slice(0, -1)}${text.endsWith('q') ? 'p' : 'q'}`)).toBeUndefined();
    expect(await parseRecipient(me.text)).toBeUndefined();
    expect(await parseIdentity(me.text.toLowerCase())).toBeUndefined();
    for (const wrong of ['', 'age1', 'ssh-ed25519 AAAA', `${text} `])
      expect(await parseRecipient(wrong)).toBeUndefined();
  });
});
