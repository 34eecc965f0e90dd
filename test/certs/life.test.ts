import fc from 'fast-check';
import { expect, test } from 'vitest';
import { daysLeft, lifeLevel, lifeUsed, renewAt } from '../../src/certs/life.ts';

const DAY = 86_400_000;

test.each([
  [90, 59, 'good'],
  [90, 60, 'renew'],
  [90, 72, 'warn'],
  [90, 81, 'critical'],
  [6, 3.9, 'good'],
  [6, 4, 'renew'],
  [6, 5.4, 'critical'],
  [90, 91, 'critical'],
  [90, -1, 'critical'],
] as const)('of %d days, on day %d it is %s', (days, day, level) => {
  const life = { notBefore: 0, notAfter: days * DAY };
  expect(lifeLevel(life, day * DAY)).toBe(level);
});

test('it only gets worse with time, and is due from the moment of its renewal on', () => {
  const order = ['good', 'renew', 'warn', 'critical'];
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4_000 }), fc.nat(4_500), fc.nat(4_500), (days, a, b) => {
      const life = { notBefore: 1_000, notAfter: 1_000 + days * DAY };
      const at = (hours: number): number => order.indexOf(lifeLevel(life, 1_000 + hours * 3_600_000));
      expect(at(Math.min(a, b))).toBeLessThanOrEqual(at(Math.max(a, b)));
      expect(lifeLevel(life, renewAt(life) + 1)).not.toBe('good');
      expect(lifeUsed(life, life.notAfter)).toBe(1);
      expect(daysLeft(life, life.notAfter - DAY)).toBe(1);
    }),
  );
});
