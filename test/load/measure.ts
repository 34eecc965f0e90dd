import { startSampler, startSlow, startUploads, type Timeline } from './own-client.ts';
import { type Load, type Seen, startH2load, startWrk } from './programs.ts';

/** Where the load goes: one address that stays while what is behind it changes. */
export type LoadTarget = {
  readonly http: string;
  /** HTTP/2 without TLS, by prior knowledge. */
  readonly h2?: string;
  /** Path whose answers take seconds. */
  readonly slow?: string;
};

/** How much: about `rate` requests a second in all. */
export type LoadAmount = { readonly rate: number; readonly quietMs: number };

/** One line of the table. Times in milliseconds. */
export type LoadRow = {
  readonly scenario: string;
  readonly seconds: number;
  readonly seen: readonly Seen[];
  readonly requests: number;
  readonly failed: number;
  readonly p99QuietMs: number;
  readonly p99DuringMs: number;
  readonly timeline: Timeline;
};

const DELAY_MS = 10;

/** Puts load on a target, first while nothing happens, then while `act` does its work. */
export async function measure<T>(
  scenario: string,
  target: LoadTarget,
  amount: LoadAmount,
  act: () => Promise<T>,
): Promise<{ readonly row: LoadRow; readonly result: T }> {
  const quiet = startAll(target, amount);
  await new Promise((r) => setTimeout(r, amount.quietMs));
  const before = await endAll(quiet.loads);
  const during = startAll(target, amount);
  const started = performance.now();
  const result = await act().finally(() => undefined);
  const seconds = (performance.now() - started) / 1_000;
  const seen = await endAll(during.loads);
  const all = [...before, ...seen];
  const row: LoadRow = {
    scenario,
    seconds,
    seen: all,
    requests: all.reduce((sum, s) => sum + s.requests, 0),
    failed: all.reduce((sum, s) => sum + Object.values(s.failed).reduce((a, b) => a + b, 0), 0),
    p99QuietMs: p99Of(before),
    p99DuringMs: p99Of(seen),
    timeline: during.timeline,
  };
  return { row, result };
}

function startAll(target: LoadTarget, { rate }: LoadAmount) {
  // Half on kept connections, an eighth on new ones, an eighth by HTTP/2, the rest by the client that writes down releases.
  const connections = (share: number): number =>
    Math.max(1, Math.round((rate * share * (DELAY_MS + 3)) / 1_000));
  const sampler = startSampler(target.http, connections(0.2), DELAY_MS);
  const loads: Load[] = [
    startWrk(target.http, { connections: connections(0.55), delayMs: DELAY_MS, kept: true }),
    startWrk(target.http, { connections: connections(0.125), delayMs: DELAY_MS, kept: false }),
    sampler,
    startUploads(target.http),
  ];
  if (target.h2 !== undefined) loads.push(startH2load(target.h2, rate * 0.125));
  if (target.slow !== undefined) loads.push(startSlow(target.slow, 3));
  return { loads, timeline: sampler.timeline };
}

function endAll(loads: readonly Load[]): Promise<readonly Seen[]> {
  return Promise.all(loads.map((load) => load.end()));
}

/** Of the kept connections, which tell most. */
function p99Of(seen: readonly Seen[]): number {
  return seen.find((s) => s.client === 'wrk, kept connections')?.p99Ms ?? Number.NaN;
}

/** What failed, in words, '' when nothing did. */
export function failures(row: LoadRow): string {
  return row.seen
    .flatMap((s) => Object.entries(s.failed).map(([kind, n]) => `${s.client}: ${n} ${kind}`))
    .join('; ');
}
