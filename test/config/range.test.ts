import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandRange, hasRange, MAX_HOSTS } from '../../src/config/range.ts';

function names(text: string): readonly string[] {
  const expansion = expandRange(text);
  return expansion.ok ? expansion.names : [`refused: ${expansion.why}`];
}

describe('expandRange', () => {
  test.each([
    ['edge-01', ['edge-01']],
    ['edge-[01:03]', ['edge-01', 'edge-02', 'edge-03']],
    ['edge-[8:11]', ['edge-8', 'edge-9', 'edge-10', 'edge-11']],
    ['edge-[098:101]', ['edge-098', 'edge-099', 'edge-100', 'edge-101']],
    ['db-[a:c].eu', ['db-a.eu', 'db-b.eu', 'db-c.eu']],
    ['db-[X:Z]', ['db-X', 'db-Y', 'db-Z']],
    ['h[01:10:4]', ['h01', 'h05', 'h09']],
    ['r[1:2]-[a:b]', ['r1-a', 'r1-b', 'r2-a', 'r2-b']],
    ['h[5:5]', ['h5']],
    ['198.51.100.[12:14]', ['198.51.100.12', '198.51.100.13', '198.51.100.14']],
    ['[2001:db8::1]', ['[2001:db8::1]']],
  ])('%s', (text, expected) => {
    expect(names(text)).toEqual(expected);
  });

  test.each([
    ['h[3:1]', 'runs backwards'],
    ['h[c:a]', 'runs backwards'],
    ['h[1:a]', 'mixes a letter and a number'],
    ['h[a:C]', 'mixes upper and lower case'],
    ['h[01:100]', 'different lengths'],
    ['h[1:9:0]', 'a step of 0'],
    ['h[1:10001]', 'too many hosts'],
    ['h[1:999999999]', 'too many hosts'],
    ['a[1:200]b[1:200]', 'too many hosts'],
  ])('%s %s', (text, why) => {
    expect(names(text)[0]).toMatch(new RegExp(`^refused: .*${why}`));
  });

  test('the limit itself is allowed', () => {
    expect(names(`h[1:${MAX_HOSTS}]`)).toHaveLength(MAX_HOSTS);
  });

  test('numbers: as many as there are, in order, each of the width of the first', () => {
    const width = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(
        width,
        fc.nat(900),
        fc.nat(99),
        fc.integer({ min: 1, max: 7 }),
        (digits, from, extra, step) => {
          const padded = (n: number) => String(n).padStart(digits, '0');
          const to = from + extra;
          fc.pre(
            !(
              padded(from).startsWith('0') &&
              padded(from).length > 1 &&
              padded(from).length !== padded(to).length
            ),
          );
          const result = names(`x-[${padded(from)}:${padded(to)}:${step}]-y`);
          const expected = [];
          for (let n = from; n <= to; n += step) expected.push(`x-${padded(n)}-y`);
          expect(result).toEqual(expected);
        },
      ),
    );
  });

  test('several ranges multiply and stay distinct', () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 4 }), (sizes) => {
        const result = names(sizes.map((n) => `p[1:${n}]`).join('-'));
        expect(result).toHaveLength(sizes.reduce((product, n) => product * n, 1));
        expect(new Set(result).size).toBe(result.length);
        expect(result.every((name) => !hasRange(name))).toBe(true);
      }),
    );
  });

  test('never throws, and leaves text without a range alone', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (!hasRange(text)) expect(names(text)).toEqual([text]);
        else expect(names(text).length).toBeGreaterThan(0);
      }),
    );
  });
});
