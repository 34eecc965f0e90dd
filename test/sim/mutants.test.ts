import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { simulateSeeds } from './fan-out.ts';
import { MUTANTS, SEEDS } from './mutants.ts';

test('there are enough mistakes to find', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(20);
  expect(new Set(MUTANTS.map((mutant) => mutant.name)).size).toBe(MUTANTS.length);
});

test('each is still a change of one place', () => {
  const gone = MUTANTS.filter(({ file, is }) => {
    const text = readFileSync(new URL(`../..${file}`, import.meta.url), 'utf8');
    return text.split(is).length !== 2;
  });
  expect(gone.map((mutant) => mutant.name)).toEqual([]);
});

// Two at a time, as there are cores.
test('every mistake is found', { timeout: 600_000 }, async () => {
  const alive: string[] = [];
  const next = MUTANTS.values();
  const work = async (): Promise<void> => {
    for (const { name, faults } of next) {
      const total = await simulateSeeds({
        from: 0,
        count: SEEDS,
        workers: 1,
        mutant: name,
        faults,
        first: true,
      });
      if (total.failures.length === 0) alive.push(name);
    }
  };
  await Promise.all([work(), work()]);
  expect(alive).toEqual([]);
});
