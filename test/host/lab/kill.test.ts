import { afterAll, beforeAll, expect, test } from 'vitest';

import { testRelease } from './service.ts';
import { must, openWorld, type World } from './world.ts';

const SERVICE = 'killed';
const one = testRelease(SERVICE, { page: 'one' });
const two = testRelease(SERVICE, {
  page: 'two',
  unit: (text) => text.replace('Type=exec', 'Type=exec\nEnvironment=MARK=2'),
});
let world: World;

beforeAll(async () => {
  world = await openWorld(0, SERVICE);
  await world.deploy(one, '7901');
  must(await world.prepare(two, ['7901']));
});
afterAll(() => world.end());

/** Starts to look for the agent at once, and kills it without a warning some time after it came up. */
function killAgentAfter(ms: number): Promise<unknown> {
  return world.client.sh(`
    for i in $(seq 500); do pid=$(pgrep -xof '/bin/sh /usr/local/libexec/pdeploy-agent root') && break; sleep 0.005; done
    sleep ${ms / 1000}; kill -9 $pid`);
}

async function settled(opId: string): Promise<string> {
  const status = await world.status(opId, '7901');
  const page = await world.page('7901');
  const left = await world.client.sh(
    'ls /run/systemd/system.control 2>/dev/null; systemctl show -p Environment --value killed@7901',
  );
  const current = (await world.observe(['7901'])).instances.get('7901')?.current;
  const release = current === one.hostRelease.digest ? 'one' : 'two';
  return `${status?.kind} ${page} ${release} ${left.stdout.trim()}`.trim();
}

const DELAYS = [0, 30, 60, 100, 160, 260];

test.each(DELAYS)('an activation killed after %i ms is taken back by the guard', async (ms) => {
  const kill = killAgentAfter(ms);
  const { opId } = await world.activate({
    instance: '7901',
    from: one,
    to: two,
    guardSeconds: 2,
    whole: true,
  });
  await kill;
  // Killed before the record, nothing has begun; between record and guard, `status` goes back after ten more seconds.
  await expect
    .poll(() => settled(opId), { timeout: 20_000, interval: 250 })
    .toMatch(/^(rolled-back|none) one one$/);
});

test.each(DELAYS)('a commit killed after %i ms is decided or not, and can be asked again', async (ms) => {
  const { opId } = await world.activate({ instance: '7901', from: one, to: two });
  const kill = killAgentAfter(ms / 3);
  const answer = await world.commit(opId, '7901');
  await kill;
  must(await world.commit(opId, '7901'));
  expect(answer.kind === 'ok' || answer.kind === 'no-trailer').toBe(true);
  await expect.poll(() => settled(opId), { timeout: 20_000 }).toBe('committed two two MARK=2');
  const back = await world.activate({ instance: '7901', from: two, to: one });
  must(await world.commit(back.opId, '7901'));
  await expect.poll(() => settled(back.opId), { timeout: 20_000 }).toBe('committed one one');
});

test.each(DELAYS)('a rollback killed after %i ms can be asked again', async (ms) => {
  const { opId } = await world.activate({ instance: '7901', from: one, to: two });
  const kill = killAgentAfter(ms);
  await world.rollback(opId, '7901');
  await kill;
  must(await world.rollback(opId, '7901'));
  await expect.poll(() => settled(opId), { timeout: 20_000 }).toBe('rolled-back one one');
});
