import { type Life, renewAt } from '../life.ts';
import type { IssueState } from './store.ts';

const FIRST_PAUSE_MS = 15 * 60_000;
const LONGEST_PAUSE_MS = 24 * 3_600_000;

/**
 * When a certificate is to be renewed, milliseconds since the epoch: in the window of the CA where there is one, always at
 * the same place in it for the same certificate, so that many do not come at once; else after two thirds of its life.
 */
export function dueAt(life: Life, fingerprint: string, state: IssueState): number {
  const { window } = state;
  if (window === undefined || window.fingerprint !== fingerprint || window.end < window.start)
    return renewAt(life);
  const share = Number.parseInt(fingerprint.slice(0, 8), 16) / 2 ** 32;
  return window.start + (window.end - window.start) * share;
}

/** After a try that failed: each pause is twice as long as the one before, up to a day. */
export function afterFailure(state: IssueState, error: string, now: number): IssueState {
  const failures = state.failures + 1;
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  return { ...state, failures, retryAt: now + pause, lastError: error };
}
