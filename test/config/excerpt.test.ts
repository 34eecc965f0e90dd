import { describe, expect, test } from 'vitest';
import { excerpt } from '../../src/config/excerpt.ts';

function at(text: string, part: string, line: number): string {
  const start = text.indexOf(part);
  return excerpt(text, { start, end: start + part.length }, line);
}

describe('excerpt', () => {
  test('the line and carets under the part', () => {
    expect(at('a: 1\nbcd: 2\n', 'bcd', 2)).toBe('    2 | bcd: 2\n      | ^^^');
  });

  test('line numbers of any length keep both lines in step', () => {
    expect(at('  port: x', 'x', 1234)).toBe('    1234 |   port: x\n         |         ^');
  });

  test('a value of several lines is marked on its first line only', () => {
    const text = 'a: "x\n  y"\nb: 1';
    expect(excerpt(text, { start: 3, end: 9 }, 1)).toBe('    1 | a: "x\n      |    ^^');
  });

  test('tabs and control characters cannot move the carets or reach the terminal', () => {
    expect(at('a:\t\u001b[31mred', 'red', 1)).toBe('    1 | a: ?[31mred\n      |         ^^^');
    expect(at('a: \u202eb', 'b', 1)).toBe('    1 | a: ?b\n      |     ^');
  });

  test('characters beyond the basic plane count once', () => {
    expect(at('a: \u{1f600}\u{1f600} bad', 'bad', 1)).toBe(
      '    1 | a: \u{1f600}\u{1f600} bad\n      |       ^^^',
    );
  });

  test('of a long line the part around the carets is shown', () => {
    const [line = '', carets = ''] = at(`${'x'.repeat(500)}BAD${'y'.repeat(500)}`, 'BAD', 1).split('\n');
    expect(line).toHaveLength('    1 | '.length + 96 + 6);
    expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('BAD');
    expect(line).toMatch(/\| \.\.\.x+BADy+\.\.\.$/);
  });

  test('the end of the text is a place as well', () => {
    expect(excerpt('a:', { start: 2, end: 3 }, 1)).toBe('    1 | a:\n      |   ^');
    expect(excerpt('', { start: 0, end: 0 }, 1)).toBe('    1 |\n      | ^');
  });
});
