import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  execPath,
  execWord,
  plainWord,
  quotedWord,
  rawLine,
  wholeLine,
} from '../../../src/resource/unit/escape.ts';
import { unit, variable } from '../../../src/resource/unit/text.ts';
import { anyText, HOSTILE } from '../hostile.ts';

describe('an argument of an exec line', () => {
  test.each([
    ['plain', 'plain'],
    ['--port=8080', '--port=8080'],
    ['', '""'],
    ['two words', '"two words"'],
    ['100%', '100%%'],
    ['%i', '%%i'],
    ['$HOME', '$$HOME'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['a\nb\tc\rd', '"a\\nb\\tc\\rd"'],
    ['\x1b', '"\\x1b"'],
    [';', '";"'],
    ['é', '"é"'],
  ])('%j is written %s', (value, written) => {
    expect(execWord(value)).toBe(written);
  });

  test('keeps specifiers and variables that were marked', () => {
    expect(execWord(unit`/run/%i/${'50%'}`)).toBe('/run/%i/50%%');
    expect(execWord(variable('MAINPID'))).toBe('"\x24{MAINPID}"');
  });

  test.each(['a\0b', '\ud800', 'x\uffff', '\u{1fffe}'])('%j is refused', (value) => {
    expect(() => execWord(value)).toThrow(/NUL|Unicode/);
  });
});

// What systemd does with a line: read it, split it, take quotes and escapes away, fill in specifiers, then variables.
test('no text can break out of its line or word', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...HOSTILE), anyText), (text) => {
      for (const written of [execWord(text), quotedWord(text)]) {
        expect(written).not.toMatch(/[\n\r\0]/);
        expect(written).toMatch(/^(?:[A-Za-z0-9_./:=,@%+$-]+|"(?:[^"\\]|\\.)*")$/su);
      }
      expect(execWord(text).replaceAll('%%', '').replaceAll('$$', '')).not.toMatch(/[%$]/);
      expect(JSON.parse(jsonOf(quotedWord(text)))).toBe(text);
    }),
  );
});

/** The quoted form is JSON but for `%%` and `\\xNN`. */
function jsonOf(written: string): string {
  const quoted = written.startsWith('"') ? written : `"${written}"`;
  return quoted
    .replaceAll('%%', '%')
    .replaceAll(/\\\\|\\x(..)/g, (all, hex) => (hex === undefined ? all : `\\u00${hex}`));
}

describe('a program', () => {
  test('must be an absolute path that systemd takes', () => {
    expect(execPath('/usr/bin/a b')).toBe('"/usr/bin/a b"');
    expect(() => execPath('caddy')).toThrow('the program must be an absolute path, got "caddy"');
    for (const bad of ['/a"b', "/a'b", '/a\\b', '/a$b', '/a\nb'])
      expect(() => execPath(bad)).toThrow('must not hold');
  });
});

describe('a whole line', () => {
  test.each([
    ['100% sure', '100%% sure'],
    ['"quotes" stay', '"quotes" stay'],
    ['two at the end \\\\', 'two at the end \\\\'],
  ])('%j is written %s', (value, written) => {
    expect(wholeLine(value)).toBe(written);
  });

  test.each([
    ['a\nb', 'a line break'],
    ['a\tb', 'U+0009'],
    [' a', 'white space'],
    ['a ', 'white space'],
    ['a\\', 'backslash'],
    ['a\\\\\\', 'backslash'],
  ])('%j is refused', (value, why) => {
    expect(() => wholeLine(value)).toThrow(why);
  });

  test('of an X- key keeps its percent signs', () => {
    expect(rawLine('100%')).toBe('100%');
  });
});

test('a word of a path list', () => {
  expect(plainWord('/srv/a "b" \\c')).toBe('"/srv/a \\"b\\" \\\\c"');
  expect(() => plainWord('/srv/a\nb')).toThrow('a line break');
});
