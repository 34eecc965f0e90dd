import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The last line of a worker. */
export type WorkerReport = {
  readonly seeds: number;
  readonly events: number;
  /** Real time, milliseconds. */
  readonly ms: number;
  /** Of the traces of all its seeds. */
  readonly hash: string;
  readonly covered: readonly (readonly [pair: string, times: number])[];
  readonly outcomes: readonly (readonly [outcome: string, times: number])[];
};

/** A seed that broke a rule. `pdeploy run sim -- --seed N` tells its story. */
export type Failure = { readonly seed: number; readonly violations: readonly string[] };

export type Seeds = {
  readonly from: number;
  readonly count: number;
  /** Processes, each with its share of the seeds. */
  readonly workers: number;
  /** A change of the code under test, by its name in `mutants.ts`. */
  readonly mutant?: string;
  /** Pairs of place and fault, in every one of the stories. */
  readonly faults?: readonly string[];
  /** Ends at the first failure. */
  readonly first?: boolean;
  readonly onFailure?: (failure: Failure) => void;
};

export type Total = WorkerReport & { readonly failures: readonly Failure[] };

/** Simulates seeds in processes of their own, which have virtual time all over. */
export async function simulateSeeds(seeds: Seeds): Promise<Total> {
  const share = Math.ceil(seeds.count / seeds.workers);
  const parts = Array.from({ length: seeds.workers }, (_, n) => ({
    from: seeds.from + n * share,
    count: Math.min(share, seeds.count - n * share),
  })).filter((part) => part.count > 0);
  const totals = await Promise.all(parts.map((part) => work({ ...seeds, ...part })));
  return {
    seeds: sum(totals.map((t) => t.seeds)),
    events: sum(totals.map((t) => t.events)),
    ms: Math.max(...totals.map((t) => t.ms)),
    hash: totals.map((t) => t.hash).join(' '),
    covered: merged(totals.map((t) => t.covered)),
    outcomes: merged(totals.map((t) => t.outcomes)),
    failures: totals.flatMap((t) => t.failures),
  };
}

async function work(seeds: Seeds): Promise<Total> {
  const args = ['--from', String(seeds.from), '--seeds', String(seeds.count)];
  if (seeds.mutant !== undefined) args.push('--mutant', seeds.mutant);
  for (const fault of seeds.faults ?? []) args.push('--fault', fault);
  if (seeds.first === true) args.push('--first');
  const child = spawn(process.execPath, [WORKER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const failures: Failure[] = [];
  let report: WorkerReport | undefined;
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', reject);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as WorkerReport | Failure;
    if ('violations' in said) {
      failures.push(said);
      seeds.onFailure?.(said);
    } else report = said;
  }
  const code = await ended;
  if (report === undefined) throw new Error(`a worker ended with ${code} and without a report`);
  return { ...report, failures };
}

const WORKER = new URL('./worker.ts', import.meta.url).pathname;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function merged(lists: readonly WorkerReport['covered'][]): WorkerReport['covered'] {
  const all = new Map<string, number>();
  for (const [what, times] of lists.flat()) all.set(what, (all.get(what) ?? 0) + times);
  return [...all];
}
