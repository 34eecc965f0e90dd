import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openState } from '../../src/state/open.ts';
import type { StateStore } from '../../src/state/port.ts';

/** A directory that goes away with the test. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-state-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A store with a clock that stands at 2026-11-22 23:01:04 UTC and goes one second further at each look. */
export function tempState(dir = tempDir()): StateStore {
  let now = Date.parse('2026-11-22T23:01:03Z');
  const state = openState(dir, {
    now: () => {
      now += 1_000;
      return new Date(now);
    },
  });
  onTestFinished(() => state.close());
  return state;
}
