import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Fleet, openFleet, type Project } from './fleet.ts';
import { stopped } from './process.ts';

/** How long a lease lives without its holder, and what a look at it takes. */
const LEASE_MS = 120_000;
const LOOK_MS = 10_000;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await openFleet({ hosts: 6 });
  await fleet.install('v1');
});
afterAll(() => fleet.end());

const limitTo = (...numbers: readonly number[]): readonly string[] => [
  '--limit',
  numbers.map((n) => `edge-0${n}`).join(':'),
];
const answersOf = async (...numbers: readonly number[]): Promise<readonly string[]> => {
  const answers = await fleet.answers();
  return numbers.map((n) => answers[n - 1] ?? '');
};

/** When nobody holds the leases any more, milliseconds from now. */
async function freeIn(operator: Project, limit: readonly string[], withinMs: number): Promise<number> {
  const since = performance.now();
  for (;;) {
    const locks = await operator.pdeploy('lock', 'status', '-i', 'lab', ...limit);
    if (!locks.stdout.includes('held by')) return performance.now() - since;
    if (performance.now() - since > withinMs) throw new Error(`still held:\n${locks.stdout}`);
    await new Promise((r) => setTimeout(r, 1_000));
  }
}

// One waits for two minutes; the others do not need its hosts.
describe.concurrent('operators', () => {
  test('of 2, 3, 4 and 5 at once exactly one wins; the others are told who, where, for what and until when', async ({
    expect,
  }) => {
    const limit = limitTo(1, 2, 3);
    for (const n of [2, 3, 4, 5]) {
      const before = await answersOf(1, 2, 3);
      const names = Array.from({ length: n }, (_, i) => `op-${n}-${i}`);
      const args = (i: number): readonly string[] => ['-e', `workers=${n * 10 + i}`, ...limit];
      const ran = await Promise.all(
        names.map((name, i) => fleet.colleague(name).rollout(`v${n}-${i}`, ...args(i))),
      );
      const all = ran.map((r) => r.text).join('\n');
      const winners = names.filter((_, i) => ran[i]?.code === 0);
      expect(winners, all).toHaveLength(1);
      for (const [i, one] of ran.entries()) {
        if (names[i] === winners[0]) continue;
        expect(one.code, one.text).toBe(3);
        expect(one.stderr).toMatch(
          new RegExp(
            `error PD3201: ${winners[0]} holds the lease of edge on edge-0[123] for d-\\S+; free in \\d+ s`,
          ),
        );
      }
      const after = await answersOf(1, 2, 3);
      expect(new Set(after).size).toBe(1);
      expect(after[0]).not.toBe(before[0]);
    }
  });

  test('one that slept past its lease is refused at its next effect, and the lease of one that was killed frees itself', async ({
    expect,
  }) => {
    const sleeper = fleet.colleague('sleeper');
    const limit = limitTo(4, 5);
    const asleep = sleeper.startFailing(
      'call.activate.before@2:stop',
      ...sleeper.rolloutArgs('v-asleep', '-e', 'workers=8', ...limit),
    );
    const job = fleet.colleague('ci-job');
    const killed = job.startFailing(
      'call.activate.before:kill',
      ...job.rolloutArgs('v-job', '-e', 'workers=9', ...limitTo(6)),
    );
    await stopped(asleep);
    expect((await killed.done).code).toBeNull();

    const second = fleet.colleague('second');
    const refused = await second.rollout('v-second', '-e', 'workers=7', ...limitTo(4, 5, 6));
    expect(refused.code, refused.text).toBe(3);
    await freeIn(second, limitTo(4, 5, 6), LEASE_MS + LOOK_MS);
    const ran = await second.rollout('v-second', '-e', 'workers=7', ...limitTo(4, 5, 6));
    expect(ran.code, ran.text).toBe(0);
    const answers = await answersOf(4, 5, 6);
    expect(new Set(answers).size).toBe(1);
    const pids = await fleet.mainPids();

    asleep.child.kill('SIGCONT');
    const woken = await asleep.done;
    expect(woken.code, woken.text).toBe(6);
    expect(woken.text).toMatch(/edge-05@1 +FAILED +PD3203 .*(holds|released or never taken)|lease +LOST/);
    expect(await answersOf(4, 5, 6)).toEqual(answers);
    expect((await fleet.mainPids()).slice(3)).toEqual(pids.slice(3));
  });
});
