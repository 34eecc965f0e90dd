/** The simulated host beside the real agent on a lab host: the same requests, the same answers, the same left on disk. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Both, openBoth } from './both.ts';
import { CHOSEN, randomSteps } from './sequences.ts';

const SEQUENCES = 6;
const LENGTH = 14;
let both: Both;

beforeAll(async () => {
  both = await openBoth(2);
});
afterAll(() => both.end());

test.each(CHOSEN)('$name', async ({ steps }) => {
  expect(await both.differences(steps)).toEqual([]);
});

test.each(Array.from({ length: SEQUENCES }, (_, seed) => ({ seed })))(
  'random requests of seed $seed',
  async ({ seed }) => {
    expect(await both.differences(randomSteps(seed, LENGTH))).toEqual([]);
  },
);
