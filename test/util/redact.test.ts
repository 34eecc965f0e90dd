import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { redact, redactAll, redactor, secretIn } from '../../src/util/redact.ts';
import { Secret } from '../../src/util/secret.ts';
import { FORMS, hex, json } from './forms.ts';

const nasty = 'p4$$"w\'rd\\ <&>+/%\tüñ💥';
const plain = 'correct-horse-battery';
new Secret('nasty', nasty);
new Secret('plain', plain);

const sh = (command: string, text: string) =>
  execFileSync('bash', ['-c', command, '-', text], { encoding: 'utf8' });
const python = (code: string, text: string) =>
  execFileSync('perl', ['-MMIME::Base64', '-e', code, text], { encoding: 'utf8' });

test.each([...FORMS])('%s', (_name, form) => {
  expect(redact(`a ${form(nasty)} b ${form(plain)}.`)).toBe('a <secret nasty> b <secret plain>.');
});

test.each([
  ['printf %q', 'printf %q "$1"'],
  ['bash @Q', 'printf %s "$' + '{1@Q}"'],
  ['base64', 'printf %s "$1" | base64 -w0'],
  ['od -tx1', 'printf %s "$1" | od -An -tx1 -w999'],
])('%s of a real shell', (_name, command) => {
  for (const text of [nasty, plain]) {
    const shown = redact(sh(command, text));
    expect(shown).toContain('<secret ');
    expect(shown.replace(/<secret \w+>/, '').length).toBeLessThan(8);
  }
});

test.each(['base64', 'base64url'] as const)('%s, wherever in the encoded text it begins', (encoding) => {
  for (const before of ['', 'x', 'xx', 'xxx', 'xxxx'])
    for (const after of ['', 'y', 'yy', 'yyy']) {
      const shown = redact(Buffer.from(`${before}${nasty}${after}`).toString(encoding));
      expect(shown).toContain('<secret nasty>');
      // What is left are the neighbours, and the bits that they share a character with.
      expect(shown.length).toBeLessThan('<secret nasty>'.length + 14);
    }
});

test.each(['base64 -w40', 'od -An -v -tx1'])('the lines of %s, each by itself', (command) => {
  const token = Array.from({ length: 9 }, (_, i) => `${i}Zq-${i * 7}`).join('_');
  new Secret('token', token);
  const lines = sh(`printf %s "k=$1" | ${command}`, token).trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(1);
  // A last line of a few characters tells little.
  for (const line of lines.filter((l) => l.length > 11)) {
    expect(redact(line)).toContain('<secret token>');
    expect(redact(line).replace('<secret token>', '').trim().length).toBeLessThan(8);
  }
});

test('base64 in lines, as programs write it', () => {
  const long = 'z'.repeat(50) + plain + 'z'.repeat(50);
  const lines = python('print encode_base64($ARGV[0])', long);
  expect(lines.trim().split('\n').length).toBeGreaterThan(1);
  expect(redact(lines)).toContain('<secret plain>');
});

test('what is no secret comes through as it is, at once but for what could be the beginning of one', () => {
  const { push, end } = redactor();
  expect(push('all is well\n')).toBe('all is well\n');
  expect(push('say correct-')).toBe('say ');
  expect(push('ly\n')).toBe('correct-ly\n');
  expect(push(plain.slice(0, 10))).toBe('');
  expect(push(`${plain.slice(10)}!`)).toBe('<secret plain>!');
  expect(push('c')).toBe('');
  expect(end()).toBe('c');
});

test('of a text that was cut in a secret the beginning goes too', () => {
  expect(redact(`key=${plain.slice(0, 9)}`)).toBe('key=<secret plain>');
  expect(redact('the corre')).toBe('the corre');
  expect(redact(`key=${hex(plain).slice(0, 30)}`)).toBe('key=<secret plain>');
});

test('a secret of several lines is known by each of them', () => {
  new Secret(
    'pem',
    '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nAoIBAQC7VJTUt9Us8cKj\nshort\n-----END KEY-----\n',
  );
  expect(redact('log: MIIEvQIBADANBgkqhkiG9w0BAQ')).toBe('log: <secret pem>');
  expect(redact('-----BEGIN KEY----- short')).toBe('-----BEGIN KEY----- short');
});

test('the value without the line end that it was read with', () => {
  new Secret('file', 'from-a-file-1\n');
  expect(redact('key from-a-file-1, and more')).toBe('key <secret file>, and more');
});

test.each(['', 'short', '  abc  \n', '💥💥💥💥💥'])('%j is too short', (value) => {
  const make = () => new Secret('k', value);
  expect(make).toThrow(UsageError);
  expect(make).toThrow('the secret "k" has less than 6 characters');
  expect(() => Secret.around('k', value)).not.toThrow();
});

test('in data, names stay and texts go', () => {
  const value = { host: plain, list: [{ text: `x ${plain}` }], n: 1, none: undefined, no: null };
  expect(redactAll(value, new Set(['host']))).toEqual({
    ...value,
    list: [{ text: 'x <secret plain>' }],
  });
  expect(secretIn(`a ${json(nasty)}`)).toBe('<secret nasty>');
  expect(secretIn('a')).toBeUndefined();
});

test('many backslashes take no time', () => {
  new Secret('slashes', `\\`.repeat(40));
  const began = performance.now();
  expect(redact('\\'.repeat(20_000))).toContain('<secret slashes>');
  expect(performance.now() - began).toBeLessThan(5_000);
});
