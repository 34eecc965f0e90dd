import { setTimeout as sleep } from 'node:timers/promises';
import { LinkFailure } from './link-failure.ts';

export type RetryTimes = {
  /** Tries after the first. */
  readonly retries: number;
  readonly leastMs: number;
  readonly mostMs: number;
};

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
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof LinkFailure && error.retry && attempt < times.retries;
      if (!again || signal?.aborted === true) throw error;
      await sleep(
        pauseMs(attempt, times, Math.random()),
        undefined,
        signal === undefined ? {} : { signal },
      ).catch(() => {
        throw new LinkFailure('aborted', 'stopped by the caller');
      });
    }
  }
}
