import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { redact } from '../util/redact.ts';

/** What is told of a job that failed. */
export type Notice = {
  readonly v: 1;
  readonly job: string;
  readonly inventory: string;
  readonly project: string;
  readonly machine: string;
  /** ISO time. */
  readonly at: string;
  readonly result: string;
  /** The end of what it said, without secrets. */
  readonly said: string;
};

export function noticeText(notice: Notice): string {
  const { job, inventory, machine, at, result, said } = notice;
  return `pdeploy ${job} of ${inventory} failed on ${machine}: ${result} (${at})\n\n${said}`.trim();
}

/** How a scheduled job ended, kept in the record for who tells of it and who lists it. */
export type LastRun = {
  readonly at: string;
  readonly code: number;
  readonly said: string;
  readonly note?: string;
};

const SAID = 4_000;

export function saveLastRun(state: string, name: string, run: LastRun): void {
  const folder = join(state, 'schedule');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const next = join(folder, `${name}.json.tmp`);
  writeFileSync(next, JSON.stringify({ ...run, said: redact(run.said.slice(-SAID)) }), { mode: 0o600 });
  renameSync(next, join(folder, `${name}.json`));
}

export function readLastRun(state: string, name: string): LastRun | undefined {
  try {
    return JSON.parse(readFileSync(join(state, 'schedule', `${name}.json`), 'utf8')) as LastRun;
  } catch {
    return undefined;
  }
}

/** A notice and the sinks that it did not reach, by their texts. */
export type DeadLetter = { readonly notice: Notice; readonly to: readonly string[] };

/** What could not be delivered stays in the record and is tried again with the next notice. */
export function keepLetter(state: string, letter: DeadLetter): void {
  const folder = join(state, 'undelivered');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { at, job } = letter.notice;
  const name = `${at.replaceAll(/[^0-9TZ]/g, '')}-${job.replaceAll(' ', '-')}.json`;
  writeFileSync(join(folder, name), JSON.stringify(letter), { mode: 0o600 });
}

export function deadLetters(
  state: string,
): readonly { readonly file: string; readonly letter: DeadLetter }[] {
  const folder = join(state, 'undelivered');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name))
    .map((file) => ({ file, letter: JSON.parse(readFileSync(file, 'utf8')) as DeadLetter }));
}

export function dropLetter(file: string): void {
  rmSync(file, { force: true });
}
