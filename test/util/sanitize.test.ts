import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitize, sanitizeLines } from '../../src/util/sanitize.ts';
import { hostileText } from '../arbitraries/events.ts';

describe('text of a host', () => {
  it.each([
    ['colours', '\u001b[1;31mERROR\u001b[0m no route', 'ERROR no route'],
    ['a cleared screen', '\u001b[2J\u001b[Hlogin: ', 'login: '],
    ['a title', '\u001b]0;pwned\u0007ready', 'ready'],
    ['the clipboard', '\u001b]52;c;cm0gLXJm\u001b\\ready', 'ready'],
    ['eight-bit sequences', '\u009b31mred\u009d0;t\u009c.', 'red.'],
    ['a device string', '\u001bP1$r0m\u001b\\x', 'x'],
    ['a sequence that never ends', 'a\u001b[31', 'a'],
    ['a string that never ends', 'a\u001b]0;title', 'a'],
    ['an overwritten line', 'fine\rFAILED', 'fine FAILED'],
    ['a bell and a backspace', 'o\u0007k\b\u007f', 'ok'],
    ['text that runs the other way', 'user\u202egpj.exe\u2066', 'usergpj.exe'],
    ['invisible characters', 'a\u200bb\ufeffc', 'abc'],
    ['half a character', 'a\ud800b', 'a\ufffdb'],
    ['tabs and line ends', 'a\tb\nc', 'a b c'],
    ['honest letters', 'Überwachung 監視 naïve', 'Überwachung 監視 naïve'],
  ])('without %s', (_name, from, to) => {
    expect(sanitize(from)).toBe(to);
  });

  it('keeps its lines when they are asked for', () => {
    expect(sanitizeLines('one\r\ntwo\u001b[K\nthree\u2028four')).toEqual(['one', 'two', 'three', 'four']);
  });

  it('is harmless whatever it was, and cleaning it again changes nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          hostileText,
          fc.string({
            unit: fc.constantFrom('\u001b', '[', ']', '3', 'm', '\u009b', '\u0007', '\\', 'x', '\n'),
          }),
        ),
        (text) => {
          const once = sanitize(text);
          expect(once).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\p{Cs}/u);
          expect(sanitize(once)).toBe(once);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
