import { readdirSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../rollout/random.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { type Lane, operate, quiet } from './soak.ts';

/** npm run soak asks for more. */
const OPERATIONS = Number(process.env.PDEPLOY_TEST_SOAK ?? 50);
const SEED = Number(process.env.PDEPLOY_TEST_SEED ?? Date.now() % 1_000_000);
const LANES = 2;
const HOSTS = 10;
/** How many operations come between two quiet periods. */
const STORM = 5;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await openFleet({ hosts: HOSTS });
  await fleet.install('v1');
});
afterAll(() => fleet.end());

test(`${OPERATIONS} random operations with seed ${SEED}`, {
  timeout: 180_000 + OPERATIONS * 30_000,
}, async () => {
  const before = sockets();
  const lanes = Array.from({ length: LANES }, (_, i): Lane => {
    const each = HOSTS / LANES;
    const hosts = fleet.hosts.slice(i * each, (i + 1) * each);
    let n = 10 + 1_000 * i;
    return {
      fleet,
      hosts,
      operator: fleet.colleague(`soak-${i}`),
      limit: ['--limit', hosts.map((h) => h.name).join(':')],
      random: random(SEED + i),
      next: () => {
        n += 1;
        return n;
      },
      diary: [`seed ${SEED}, lane ${i}`],
    };
  });
  let left = OPERATIONS;
  const work = async (lane: Lane): Promise<void> => {
    while (left > 0) {
      const now = Math.min(STORM, left);
      left -= now;
      for (let i = 0; i < now; i += 1) await operate(lane);
      await quiet(lane);
      process.stderr.write(
        `seed ${SEED}: ${OPERATIONS - left} of ${OPERATIONS} operations begun, this lane is quiet\n`,
      );
    }
  };
  await Promise.all(lanes.map(work));
  const verified = await Promise.all(lanes.map((lane) => lane.operator.pdeploy('audit', 'verify')));
  expect(verified.map(({ code }) => code)).toEqual(lanes.map(() => 0));
  expect(sockets()).toBeLessThanOrEqual(before + LANES);
});

/** Descriptors of this process that are sockets: the lab's own tools must not lose any either. */
function sockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}
