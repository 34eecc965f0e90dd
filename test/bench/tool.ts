import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import type { CpuMeter } from './cpu.ts';
import type { Work } from './work.ts';

/** A competitor. `roll` does the whole work on all hosts as its user would, and rejects when it fails. */
export type Tool = {
  readonly name: string;
  /** What the table says about it. */
  readonly note: string;
  /** How often it is measured: every round, or only so often because it takes minutes. */
  readonly pace: 'fast' | 'slow';
  readonly roll: (work: Work) => Promise<void>;
  /** Called, not timed, before the hosts are wiped: leaves no connection open and forgets what the next round is to see. */
  readonly rest?: () => Promise<void>;
};

export type Timing = {
  readonly tool: string;
  readonly series: string;
  readonly seconds: number;
  /** Load average of the machine over the last minute when it began. */
  readonly load: number;
  /** Processor seconds of the tool on this machine, and of all hosts. */
  readonly cpu: { readonly tool: number; readonly hosts: number };
};

export async function timed(
  meter: CpuMeter,
  tool: string,
  series: string,
  job: () => Promise<void>,
): Promise<Timing> {
  const load = loadavg()[0] ?? 0;
  const before = { tool: meter.tool(), hosts: meter.hosts() };
  const started = performance.now();
  await job();
  const seconds = (performance.now() - started) / 1_000;
  const cpu = { tool: meter.tool() - before.tool, hosts: meter.hosts() - before.hosts };
  return { tool, series, seconds, load, cpu };
}

export type Command = {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly log: string;
  readonly meter: CpuMeter;
};

/** Runs one program to its end; its output goes to a file. @throws with the end of the output when it fails */
export function runTool(file: string, args: readonly string[], command: Command): Promise<void> {
  const log = openSync(command.log, 'w');
  const [program = file, ...words] = [...command.meter.prefix, file, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ['ignore', log, log],
    });
    child.on('error', reject);
    child.on('close', (code) => {
      closeSync(log);
      if (code === 0) resolve();
      else
        reject(new Error(`${file} ended with ${code}:\n${readFileSync(command.log, 'utf8').slice(-4_000)}`));
    });
  });
}
