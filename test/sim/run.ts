/** `npm run sim -- --seeds 1000000`: the same as the test, for a night. `--seed N` tells the story of one seed. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { simulateSeeds } from './fan-out.ts';
import { PAIRS, pairOf } from './faults.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '20000' },
    from: { type: 'string', default: '0' },
  },
});
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const number = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${text} is no number of seeds`);
  return value;
};

/** Said after each: a night should not be silent. */
const PORTION = 20_000;

if (values.seed === undefined) {
  const workers = availableParallelism();
  const [from, count] = [number(values.from), number(values.seeds)];
  const sums = { seeds: 0, events: 0, ms: 0, broken: 0 };
  const came = new Set<string>();
  while (sums.seeds < count) {
    const total = await simulateSeeds({
      from: from + sums.seeds,
      count: Math.min(PORTION, count - sums.seeds),
      workers,
      onFailure: ({ seed, violations }) =>
        say(`${violations.join('\n')}\n    replay it with: npm run sim -- --seed ${seed}`),
    });
    sums.seeds += total.seeds;
    sums.events += total.events;
    sums.ms += total.ms;
    sums.broken += total.failures.length;
    for (const [pair] of total.covered) came.add(pair);
    if (sums.seeds < count)
      process.stderr.write(
        `${sums.seeds} of ${count} seeds after ${Math.round(sums.ms / 1_000)} s, ${sums.broken} broke a rule\n`,
      );
  }
  const each = ((sums.ms * workers) / Math.max(1, sums.seeds)).toFixed(1);
  const pairs = PAIRS.filter((pair) => came.has(pairOf(pair))).length;
  say(
    `${sums.seeds} seeds, ${sums.events} events, ${pairs} of ${PAIRS.length} pairs of place and fault in ${Math.round(sums.ms / 1_000)} s (${each} ms a seed on each of ${workers} cores): ${sums.broken} broke a rule`,
  );
  if (sums.broken > 0) process.exitCode = 1;
} else {
  const worker = new URL('./worker.ts', import.meta.url).pathname;
  const args = [worker, '--from', String(number(values.seed)), '--trace'];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}
