import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBech32, toBech32 } from '../../src/secrets/age/bech32.ts';
import { countRecipients, decryptFile, encryptFile } from '../../src/secrets/age/file.ts';
import { generateIdentity, parseIdentity, parseRecipient } from '../../src/secrets/age/keys.ts';
import { tempProject } from '../playbook/temp-project.ts';

/** Around the borders of chunks of 64 KiB. */
const SIZES = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000];
const me = generateIdentity();
const other = generateIdentity();

describe('beside the program age', () => {
  const dir = (): string => tempProject({ key: `${me.text}\n` });

  test('a key has the public key that age-keygen says', () => {
    const said = execFileSync('age-keygen', ['-y', join(dir(), 'key')], { encoding: 'utf8' });
    expect(said.trim()).toBe(me.identity.recipient.text);
  });

  test('a key of age-keygen is read', () => {
    const key = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const identity = parseIdentity(/^AGE-.*$/m.exec(key)?.[0] ?? '');
    expect(identity?.recipient.text).toBe(/public key: (\S+)/.exec(key)?.[1]);
  });

  test.each(SIZES)('%i bytes go both ways, in armor and as they are', (size) => {
    const plain = randomBytes(size);
    const at = dir();
    writeFileSync(join(at, 'file'), encryptFile(plain, [other.identity.recipient, me.identity.recipient]));
    expect(execFileSync('age', ['-d', '-i', join(at, 'key'), join(at, 'file')]).equals(plain)).toBe(true);
    for (const armor of [[], ['-a']]) {
      const file = execFileSync('age', [...armor, '-r', me.identity.recipient.text], { input: plain });
      expect(decryptFile(file, [other.identity, me.identity])).toEqual({ kind: 'ok', plain });
      expect(countRecipients(file)).toBe(1);
    }
  });
});

describe('a file', () => {
  test('opens for none but its recipients', () => {
    const file = Buffer.from(encryptFile(Buffer.from('text'), [me.identity.recipient]));
    expect(decryptFile(file, [other.identity])).toEqual({ kind: 'no-key' });
    expect(decryptFile(file, [])).toEqual({ kind: 'no-key' });
  });

  test('that was changed anywhere is not read as another text', () => {
    const plain = Buffer.from('a text of some length');
    const whole = execFileSync('age', ['-r', me.identity.recipient.text], { input: plain });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const file = Buffer.from(whole);
        file[at] = (file[at] ?? 0) ^ bits;
        expect(decryptFile(file, [me.identity]).kind).not.toBe('ok');
      }),
      { numRuns: 500 },
    );
    for (let length = 0; length < whole.length; length += 1)
      expect(decryptFile(whole.subarray(0, length), [me.identity]).kind).not.toBe('ok');
  });

  test('whose chunks were left out, doubled or moved is broken', () => {
    const plain = randomBytes(3 * 65_536);
    const file = execFileSync('age', ['-r', me.identity.recipient.text], { input: plain });
    const begin = file.length - 3 * (65_536 + 16);
    const chunks = [0, 1, 2].map((n) => file.subarray(begin + n * 65_552, begin + (n + 1) * 65_552));
    const join = (...order: readonly number[]): Buffer =>
      Buffer.concat([file.subarray(0, begin), ...order.map((n) => chunks[n] ?? Buffer.alloc(0))]);
    expect(decryptFile(join(0, 1, 2), [me.identity]).kind).toBe('ok');
    for (const order of [[0, 1], [0, 2], [1, 0, 2], [0, 1, 2, 2], [0], []])
      expect(decryptFile(join(...order), [me.identity]).kind).toBe('broken');
  });

  test('of anything else is no file of age', () => {
    for (const text of [
      '',
      'age-encryption.org/v1\n',
      'age-encryption.org/v2\n',
      '-----BEGIN AGE ENCRYPTED FILE-----\n',
      'a: b\n',
    ])
      expect(decryptFile(Buffer.from(text), [me.identity]).kind).toBe('broken');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const file = Buffer.concat([Buffer.from('age-encryption.org/v1\n-> X25519 '), bytes]);
        expect(decryptFile(file, [me.identity]).kind).not.toBe('ok');
      }),
    );
  });
});

describe('keys', () => {
  test('with a wrong letter, in mixed case or of another kind are not read', () => {
    const { text } = me.identity.recipient;
    expect(parseRecipient(text)?.text).toBe(text);
    expect(parseRecipient(text.toUpperCase())).toBeUndefined();
    expect(parseRecipient(`${text.slice(0, -1)}${text.endsWith('q') ? 'p' : 'q'}`)).toBeUndefined();
    expect(parseRecipient(me.text)).toBeUndefined();
    expect(parseIdentity(me.text.toLowerCase())).toBeUndefined();
    for (const wrong of ['', 'age1', 'ssh-ed25519 AAAA', `${text} `])
      expect(parseRecipient(wrong)).toBeUndefined();
  });

  test('are Bech32: what is written is read, and nothing else is', () => {
    expect(toBech32('a', Buffer.alloc(0))).toBe('a12uel5l');
    expect(fromBech32('a', 'A12UEL5L')).toEqual(Buffer.alloc(0));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(200), (bytes, at) => {
        const text = toBech32('age', bytes);
        expect(fromBech32('age', text)).toEqual(Buffer.from(bytes));
        const place = 4 + (at % (text.length - 4));
        const letter = text[place] === 'q' ? 'p' : 'q';
        expect(fromBech32('age', text.slice(0, place) + letter + text.slice(place + 1))).toBeUndefined();
      }),
    );
  });
});
