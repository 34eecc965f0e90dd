import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { didYouMean, editDistance, nearest } from '../../src/config/did-you-mean.ts';

const KEYS = ['address', 'port', 'user', 'identity', 'until', 'known_hosts', 'zone'];

describe('nearest', () => {
  test.each([
    ['prot', 'port'],
    ['adress', 'address'],
    ['Port', 'port'],
    ['til', 'until'],
    ['addr', 'address'],
    ['knownhosts', 'known_hosts'],
    ['usr', 'user'],
  ])('%s is %s', (wrong, right) => {
    expect(nearest(wrong, KEYS)).toBe(right);
  });

  test.each(['x', 'ansible_become', 'frobnicate', ''])('%j is nothing known', (wrong) => {
    expect(nearest(wrong, KEYS)).toBeUndefined();
  });

  test('numbered hosts are told apart: padding is a slip, another number is not', () => {
    const hosts = ['edge-01', 'edge-02', 'edge-20'];
    expect(nearest('edge-1', hosts)).toBe('edge-01');
    expect(nearest('edge-002', hosts)).toBe('edge-02');
    expect(nearest('edge-03', hosts)).toBeUndefined();
    expect(nearest('egde-01', hosts)).toBe('edge-01');
  });

  test('the sentence', () => {
    expect(didYouMean('prot', KEYS)).toBe('did you mean "port"?');
    expect(didYouMean('nothing', KEYS)).toBeUndefined();
  });
});

describe('editDistance', () => {
  test('one edit of each kind costs one', () => {
    for (const other of ['por', 'poort', 'pirt', 'prot']) expect(editDistance('port', other)).toBe(1);
  });

  test('is a symmetric distance', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});
