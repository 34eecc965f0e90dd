import { expect, test } from 'vitest';
import { simulateSeeds } from './fan-out.ts';
import { PAIRS, pairOf } from './faults.ts';

const SEEDS = 20_000;

test('no seed breaks a rule, and every pair of a place and a fault comes about', {
  timeout: 900_000,
}, async () => {
  const total = await simulateSeeds({ from: 0, count: SEEDS, workers: 2 });
  expect(total.failures).toEqual([]);
  expect(total.seeds).toBe(SEEDS);
  expect(total.events).toBeGreaterThan(20 * SEEDS);
  const covered = new Set(total.covered.map(([pair]) => pair));
  expect(PAIRS.map(pairOf).filter((pair) => !covered.has(pair))).toEqual([]);
});

test('one seed is one story, byte for byte, in every process', async () => {
  const story = (): Promise<string> =>
    simulateSeeds({ from: 4_711, count: 40, workers: 1 }).then((total) => total.hash);
  const [once, again] = await Promise.all([story(), story()]);
  expect(again).toBe(once);
});
