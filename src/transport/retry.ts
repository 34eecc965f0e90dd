import { setTimeout as sleep } from 'node:timers/promises';
import { LinkFailure } from './link-failure.ts';

export type RetryTimes = {
  /** Tries after the first. */
  readonly retries: number;
  readonly leastMs: number;
  readonly mostMs: number;
  /** From the first try on; no other one begins after it. Default 10 s. */
  readonly withinMs?: number;
};

const WITHIN_MS = 10_000;

export const RETRY: RetryTimes = { retries: 5, leastMs: 200, mostMs: 5_000 };

/** Full jitter between the least and a ceiling that doubles: many clients do not come back at the same moment. */
export function pauseMs(attempt: number, times: RetryTimes, random: number): number {
  const ceiling = Math.min(times.mostMs, times.leastMs * 2 ** (attempt + 1));
  return times.leastMs + random * (ceiling - times.leastMs);
}

/** Repeats what failed before a login was tried. Nothing else is repeated: a server counts failed logins. */
export async function withRetries<T>(
  work: () => Promise<T>,
  times: RetryTimes,
  signal: AbortSignal | undefined,
): Promise<T> {
  const until = performance.now() + (times.withinMs ?? WITHIN_MS);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof LinkFailure && error.retry && attempt < times.retries;
      const pause = pauseMs(attempt, times, Math.random());
      // A host that takes its time to hang up would have us wait that often.
      if (!again || signal?.aborted === true || performance.now() + pause > until) throw error;
      await sleep(pause, undefined, signal === undefined ? {} : { signal }).catch(() => {
        throw new LinkFailure('aborted', 'stopped by the caller');
      });
    }
  }
}
