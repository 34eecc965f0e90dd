import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, openFleet } from './fleet.ts';
import { allPartitions, type Lane, nameOf, runPartition } from './partitions.ts';

/** npm run partitions asks for more. */
const RUNS = Number(process.env.PDEPLOY_TEST_PARTITIONS ?? 30);
const LANES = 5;

let fleet: Fleet;
beforeAll(async () => {
  // Every other lane is reached by the second transport.
  fleet = await openFleet({ hosts: 2 * LANES, host: (i) => (i % 4 < 2 ? {} : { transport: 'openssh' }) });
  await fleet.install('v1');
});
afterAll(() => fleet.end());

test(`${RUNS} rollouts in which a host is cut off`, { timeout: RUNS * 30_000 }, async () => {
  const runs = allPartitions();
  const left = Array.from({ length: RUNS }, (_, i) => ({ n: i + 100, run: runs[i % runs.length] }));
  const failures: string[] = [];
  let done = 0;
  let slowest = 0;
  const work = async (lane: Lane): Promise<void> => {
    for (let next = left.shift(); next?.run !== undefined; next = left.shift()) {
      await runPartition(lane, next.run, next.n).then(
        (ms) => {
          slowest = Math.max(slowest, ms);
        },
        (error: unknown) => {
          failures.push(`${next?.run === undefined ? '' : nameOf(next.run)}: ${String(error)}`);
        },
      );
      done += 1;
      if (done % 10 === 0)
        process.stderr.write(
          `${done} of ${RUNS} partitions, ${failures.length} failed, at the most ${Math.round(slowest / 100) / 10} s from the cut to the end\n`,
        );
    }
  };
  const lanes = Array.from({ length: LANES }, (_, i): Lane => {
    return { fleet, hosts: fleet.hosts.slice(2 * i, 2 * i + 2), name: `lane-${i}` };
  });
  await Promise.all(lanes.map(work));
  expect(failures, failures.join('\n\n')).toEqual([]);
  expect(done).toBe(RUNS);
});
