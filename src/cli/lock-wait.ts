import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError, RefusedError, UsageError } from '../errors.ts';
import { lockStatus } from '../execute/locks.ts';
import { parseDuration } from '../util/duration.ts';
import { type Args, text } from './args.ts';
import { out } from './io.ts';
import type { Session } from './session.ts';

const LOOK_EVERY_MS = 2_000;

/**
 * Performs `work` when nobody holds the lease of a host, and again when somebody else was faster, for as long as
 * `--lock-wait` says. Each time the work looks at the fleet anew: who had the lease may have changed it.
 * @throws RefusedError PD3201 when the time is over, UsageError PD2210
 */
export async function withLockWait(args: Args, session: Session, work: () => Promise<void>): Promise<void> {
  const until = performance.now() + lockWaitMs(args);
  const { stop } = session.stops;
  let told = '';
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RefusedError) || error.code !== 'PD3201' || performance.now() > until)
        throw error;
      if (told !== error.message) out.err(`Waiting: ${error.message}`);
      told = error.message;
      do await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
      while (!stop.aborted && performance.now() < until && (await isHeld(session)));
      if (stop.aborted) throw new CancelledError();
    }
  }
}

async function isHeld(session: Session): Promise<boolean> {
  return (await lockStatus(session.fleet, session.service)).some((lock) => lock.lease !== undefined);
}

function lockWaitMs(args: Args): number {
  const value = text(args, 'lock-wait');
  if (value === undefined) return 0;
  const ms = parseDuration(/^\d+$/.test(value) ? Number(value) : value);
  if (ms === undefined)
    throw UsageError.of('PD2210', `--lock-wait ${value}: expected a duration such as 30s or 10m`);
  return ms;
}
