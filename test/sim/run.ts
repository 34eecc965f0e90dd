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

if (values.seed === undefined) {
  const workers = availableParallelism();
  const total = await simulateSeeds({
    from: number(values.from),
    count: number(values.seeds),
    workers,
    onFailure: ({ seed, violations }) =>
      say(`${violations.join('\n')}\n    replay it with: npm run sim -- --seed ${seed}`),
  });
  const came = new Set(total.covered.map(([pair]) => pair));
  const each = ((total.ms * workers) / Math.max(1, total.seeds)).toFixed(1);
  say(
    `${total.seeds} seeds, ${total.events} events, ${PAIRS.filter((pair) => came.has(pairOf(pair))).length} of ${PAIRS.length} pairs of place and fault in ${Math.round(total.ms / 1_000)} s (${each} ms a seed on each of ${workers} cores): ${total.failures.length} broke a rule`,
  );
  if (total.failures.length > 0) process.exitCode = 1;
} else {
  const worker = new URL('./worker.ts', import.meta.url).pathname;
  const args = [worker, '--from', String(number(values.seed)), '--trace'];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}
