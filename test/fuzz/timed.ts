import assert from 'node:assert/strict';

/** Processor time, which the rest of the machine does not lengthen; 2 s. */
const LIMIT_US = 2_000_000;

/** Does it, and insists that it does not take long. */
export function timed<T>(work: () => T): T {
  const before = process.threadCpuUsage();
  try {
    return work();
  } finally {
    const { user, system } = process.threadCpuUsage(before);
    assert.ok(user + system < LIMIT_US, `it took ${(user + system) / 1e6} s`);
  }
}
