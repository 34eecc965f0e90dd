/** One process of a simulation: `worker.ts --from 0 --seeds 100`, told to by `fan-out.ts`. With `--trace` it tells one seed's story. */
import { createHash } from 'node:crypto';
import { registerHooks } from 'node:module';
import { parseArgs } from 'node:util';
import type { WorkerReport } from './fan-out.ts';
import { MUTANTS } from './mutants.ts';

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    seeds: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    fault: { type: 'string', multiple: true, default: [] },
    first: { type: 'boolean', default: false },
  },
});

const wrong = MUTANTS.find((one) => one.name === values.mutant);
let changed = 0;
if (wrong !== undefined) {
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!url.endsWith(wrong.file)) return loaded;
      const text = String(loaded.source);
      if (text.split(wrong.is).length !== 2) throw new Error(`${wrong.file} has not once: ${wrong.is}`);
      changed += 1;
      return { ...loaded, source: text.replace(wrong.is, () => wrong.becomes) };
    },
  });
}

// Virtual time and the hooks come first.
const real = performance.now.bind(performance);
const { takeOver } = await import('./globals.ts');
const { openReleases } = await import('./releases.ts');
const { catchStrays, simulate } = await import('./simulate.ts');
if (wrong !== undefined && changed !== 1) throw new Error(`nothing loads ${wrong.file}`);
const releases = await openReleases();
takeOver();
catchStrays();

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const from = Number(values.from);
const until = from + Number(values.seeds);
const began = real();
const hash = createHash('sha256');
const covered = new Map<string, number>();
const outcomes = new Map<string, number>();
const count = (map: Map<string, number>, what: string): void => {
  map.set(what, (map.get(what) ?? 0) + 1);
};
let events = 0;
let done = 0;
for (let seed = from; seed < until; seed += 1) {
  const run = await simulate(seed, releases, values.trace ? say : undefined, values.fault).catch(
    (error: unknown) => {
      // Of the simulation itself: nobody else would tell of it.
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
  hash.update(run.hash);
  events += run.events;
  done += 1;
  for (const pair of run.covered) count(covered, pair);
  for (const outcome of run.outcomes) count(outcomes, outcome);
  if (run.violations.length > 0) {
    say(JSON.stringify({ seed, violations: run.violations }));
    if (values.first) break;
  }
}
releases.end();
const report: WorkerReport = {
  seeds: done,
  events,
  ms: real() - began,
  hash: hash.digest('hex'),
  covered: [...covered],
  outcomes: [...outcomes],
};
say(JSON.stringify(report));
