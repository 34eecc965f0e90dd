import type { Sample, Vantage } from '../model/health.ts';

export type WindowParams = {
  readonly minHealthyMs: number;
  readonly healthyDeadlineMs: number;
  /** The controller probes too, and both must pass. */
  readonly outside?: boolean;
};

export type Verdict =
  | { readonly kind: 'healthy'; readonly ms: number; readonly probes: number }
  | { readonly kind: 'waiting'; readonly healthyForMs: number; readonly needMs: number }
  | { readonly kind: 'failed'; readonly why: string };

type Side = { readonly since: number | undefined; readonly last: number | undefined };
type Tally = { readonly failed: number; readonly total: number };

/** The fold of the samples of one instance since its switch. Times on the controller's monotonic clock, milliseconds. */
export type Window = {
  readonly params: WindowParams;
  readonly openedAt: number;
  readonly host: Side;
  readonly outside: Side;
  readonly probes: number;
  readonly process: { readonly pid: number; readonly restarts: number } | undefined;
  /** By the name of the check: how often it failed. */
  readonly tallies: ReadonlyMap<string, Tally>;
  /** What was wrong last. */
  readonly trouble: { readonly name: string; readonly detail: string } | undefined;
  readonly settled: Verdict | undefined;
};

const NEVER: Side = { since: undefined, last: undefined };

export function openWindow(params: WindowParams, at: number): Window {
  return {
    params,
    openedAt: at,
    host: NEVER,
    outside: NEVER,
    probes: 0,
    process: undefined,
    tallies: new Map(),
    trouble: undefined,
    settled: undefined,
  };
}

/** Any failed sample, from wherever it was seen, starts the time of being healthy anew; so does another process. */
export function observe(window: Window, sample: Sample, from: Vantage = 'host'): Window {
  if (window.settled !== undefined) return window;
  if (sample.at >= deadline(window)) return { ...window, settled: tooLate(window) };
  const replaced = from === 'host' && isReplaced(window, sample);
  const before = sample.ok && !replaced ? window : { ...window, host: NEVER, outside: NEVER };
  const side: Side = sample.ok ? { since: before[from].since ?? sample.at, last: sample.at } : NEVER;
  const next: Window = {
    ...before,
    [from]: side,
    probes: window.probes + 1,
    process: from === 'host' ? { pid: sample.pid, restarts: sample.restarts } : window.process,
    tallies: tally(window.tallies, sample),
    trouble: sample.ok ? window.trouble : troubleOf(sample),
  };
  return { ...next, settled: settle(next, sample) };
}

/** `now` matters only for the deadline: time without samples proves nothing. */
export function verdict(window: Window, now: number): Verdict {
  if (window.settled !== undefined) return window.settled;
  if (now >= deadline(window)) return tooLate(window);
  return { kind: 'waiting', healthyForMs: healthyFor(window) ?? 0, needMs: window.params.minHealthyMs };
}

function settle(window: Window, sample: Sample): Verdict | undefined {
  if (sample.final)
    return { kind: 'failed', why: sample.proof.ok ? 'has ended' : `has ended: ${sample.proof.why}` };
  const ms = healthyFor(window);
  if (ms === undefined || ms < window.params.minHealthyMs) return undefined;
  return { kind: 'healthy', ms: sample.at - window.openedAt, probes: window.probes };
}

/** How long everything has passed without a break; undefined while something has not passed. */
function healthyFor(window: Window): number | undefined {
  const { host, outside } = window;
  if (host.since === undefined || host.last === undefined) return undefined;
  if (window.params.outside !== true) return host.last - host.since;
  if (outside.since === undefined || outside.last === undefined) return undefined;
  return Math.max(0, Math.min(host.last, outside.last) - Math.max(host.since, outside.since));
}

function isReplaced(window: Window, sample: Sample): boolean {
  const seen = window.process;
  return seen !== undefined && (seen.pid !== sample.pid || seen.restarts !== sample.restarts);
}

function deadline(window: Window): number {
  return window.openedAt + window.params.healthyDeadlineMs;
}

function tooLate(window: Window): Verdict {
  const limit = window.params.healthyDeadlineMs / 1_000;
  return { kind: 'failed', why: `was not healthy within ${limit} s: ${explain(window)}` };
}

function explain(window: Window): string {
  if (window.trouble === undefined) {
    return window.probes === 0 ? 'nothing was heard of it' : 'it did not stay healthy long enough';
  }
  const { name, detail } = window.trouble;
  const count = window.tallies.get(name);
  const times = count === undefined ? '' : ` (${count.failed} of ${count.total})`;
  return `${name === PROOF ? '' : `${name} `}${detail}${times}`;
}

/** Under this name the proof of the process is counted; no check can have it. */
const PROOF = '';

function tally(before: ReadonlyMap<string, Tally>, sample: Sample): ReadonlyMap<string, Tally> {
  const tallies = new Map(before);
  const count = (name: string, ok: boolean): void => {
    const { failed, total } = tallies.get(name) ?? { failed: 0, total: 0 };
    tallies.set(name, { failed: failed + (ok ? 0 : 1), total: total + 1 });
  };
  count(PROOF, sample.proof.ok);
  for (const check of sample.checks) count(check.name, check.ok);
  return tallies;
}

/** What the service itself says comes before what is known of its process, unless there is no right process at all. */
function troubleOf(sample: Sample): { readonly name: string; readonly detail: string } {
  if (!sample.proof.ok) return { name: PROOF, detail: sample.proof.why };
  const check = sample.checks.find((c) => !c.ok);
  return check === undefined ? { name: PROOF, detail: 'failed' } : { name: check.name, detail: check.detail };
}
