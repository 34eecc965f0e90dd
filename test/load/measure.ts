import { type Counts, type Load, pause, type Seen, sum, type Timeline } from './seen.ts';

/** What a scenario cost. */
export type LoadRow = {
  readonly scenario: string;
  readonly seconds: number;
  /** By client, in the time before. */
  readonly quiet: readonly Seen[];
  readonly during: readonly Seen[];
  readonly timeline: Timeline;
};

/** Puts a load on, first for `quietMs` while nothing happens, then while `act` does its work. */
export async function measure<T>(
  scenario: string,
  start: () => readonly Load[],
  quietMs: number,
  act: () => Promise<T>,
): Promise<{ readonly row: LoadRow; readonly result: T }> {
  const before = start();
  await pause(quietMs);
  const quiet = await endAll(before);
  const loads = start();
  const started = performance.now();
  try {
    const result = await act();
    const seconds = (performance.now() - started) / 1_000;
    const during = await endAll(loads);
    const timeline = loads.find((l) => l.timeline !== undefined)?.timeline ?? new Map();
    return { row: { scenario, seconds, quiet, during, timeline }, result };
  } catch (error) {
    await endAll(loads);
    throw error;
  }
}

function endAll(loads: readonly Load[]): Promise<readonly Seen[]> {
  return Promise.all(loads.map((load) => load.end()));
}

export function allSeen(row: LoadRow): readonly Seen[] {
  return [...row.quiet, ...row.during];
}

export function requestsOf(rows: readonly LoadRow[]): number {
  return rows.flatMap(allSeen).reduce((n, s) => n + s.requests, 0);
}

export function failedOf(row: LoadRow): number {
  return allSeen(row).reduce((n, s) => n + sum(s.failed), 0);
}

/** What failed, in words, '' when nothing did. */
export function failures(row: LoadRow): string {
  return inWords(row, (s) => s.failed);
}

/** The same of what is no failure. */
export function toldApart(row: LoadRow): string {
  return inWords(row, (s) => s.apart ?? {});
}

function inWords(row: LoadRow, of: (seen: Seen) => Counts): string {
  return allSeen(row)
    .flatMap((s) => Object.entries(of(s)).map(([kind, n]) => `${s.client}: ${n} ${kind}`))
    .join('; ');
}
