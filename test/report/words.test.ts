import { describe, expect, it } from 'vitest';
import { clip, pad, widthOf } from '../../src/report/width.ts';
import { about, age, clock, count, names, seconds, shortRelease, size } from '../../src/report/words.ts';

describe('words and numbers', () => {
  it.each([
    [seconds(10_800), '10.8 s'],
    [seconds(151_000), '2 min 31 s'],
    [seconds(11_100_000), '3 h 05 min'],
    [clock(134_999), '2:14'],
    [clock(3_723_000), '1:02:03'],
    [clock(-5), '0:00'],
    [size(999), '999 B'],
    [size(1_200_000), '1.2 MB'],
    [size(36_700_000), '37 MB'],
    [size(0), '0 B'],
    [age(59_000), '59 s'],
    [age(360_000), '6 min'],
    [age(3 * 86_400_000), '3 d'],
    [count(1, 'host'), '1 host'],
    [count(1_204, 'request'), '1,204 requests'],
    [names(['a', 'b', 'c', 'd', 'e']), 'a, b, c, d, e'],
    [names(['a', 'b', 'c', 'd', 'e', 'f']), 'a, b, c, d and 2 more'],
    [shortRelease('/opt/pdeploy/edge/releases/9b7e01dabc'), '9b7e01d'],
    [shortRelease(''), 'none'],
    [about('edge-01@1', 'was not healthy'), 'edge-01@1 was not healthy'],
    [about('edge-01@1', 'connection refused'), 'edge-01@1: connection refused'],
  ])('%s', (said, expected) => {
    expect(said).toBe(expected);
  });

  it('measures, cuts and fills in columns of a terminal', () => {
    expect(widthOf('監視')).toBe(4);
    expect(widthOf('e\u0301')).toBe(1);
    expect(clip('監視監視', 5)).toBe('監視…');
    expect(clip('abcdef', 4, false)).toBe('ab..');
    expect(clip('abc', 3)).toBe('abc');
    expect(clip('abc', 0)).toBe('');
    expect(pad('監', 4)).toBe('監  ');
    expect(pad('abcd', 3)).toBe('abcd ');
  });
});
