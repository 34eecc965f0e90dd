import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { extendRequest } from '../../../src/host/verbs/extend.ts';
import { testRelease } from './service.ts';
import { must, openWorld, type World } from './world.ts';

const SERVICE = 'guarded';
const one = testRelease(SERVICE, { page: 'one' });
const two = testRelease(SERVICE, { page: 'two' });
let world: World;

beforeAll(async () => {
  world = await openWorld(1, SERVICE);
  await world.deploy(one, '7201');
  must(await world.prepare(two, ['7201']));
});
afterAll(() => world.end());

test('when nobody comes back the old release does', async () => {
  const { opId, answer } = await world.activate({ instance: '7201', from: one, to: two, guardSeconds: 3 });
  expect(answer.kind).toBe('no-trailer');
  expect(await world.page('7201')).toBe('two');
  await sleep(2_500);
  await expect.poll(() => world.page('7201'), { timeout: 4_000 }).toBe('one');
  await expect
    .poll(() => world.status(opId, '7201'))
    .toMatchObject({ kind: 'rolled-back', by: 'guard', restored: true });
  const late = await world.commit(opId, '7201');
  expect(late).toMatchObject({ kind: 'error', code: 'rolledback' });
  expect(await world.page('7201')).toBe('one');
});

test('the stream ends with the guard and says so', async () => {
  const { answer, samples } = await world.activate({
    instance: '7201',
    from: one,
    to: two,
    guardSeconds: 2,
    streamSeconds: 30,
    whole: true,
  });
  expect(answer).toMatchObject({ kind: 'error', code: 'rolledback' });
  expect(samples.length).toBeGreaterThan(3);
});

test('a release that never starts goes back too, with what it said', async () => {
  const broken = testRelease(SERVICE, { page: 'x', args: 'cat /does/not/exist' });
  must(await world.prepare(broken, ['7201']));
  const { opId, samples } = await world.activate({
    instance: '7201',
    from: one,
    to: broken,
    guardSeconds: 4,
    streamSeconds: 2,
    whole: true,
  });
  expect(samples.at(-1)).toMatchObject({ exeMatch: false, missingListens: [7201], probes: [{ status: 0 }] });
  await expect
    .poll(() => world.status(opId, '7201'), { timeout: 20_000 })
    .toMatchObject({ kind: 'rolled-back', by: 'guard', restored: true });
  const status = await world.status(opId, '7201');
  const logs = status?.kind === 'rolled-back' ? status.evidence?.logs.join('\n') : '';
  expect(logs).toContain("can't open '/does/not/exist'");
  expect(await world.page('7201')).toBe('one');
});

test('of a release that is started over and over, what it said before its last start counts too', async () => {
  const once = testRelease(SERVICE, {
    page: 'x',
    args: `sh /run/pdeploy/${SERVICE}/%i/current/run`,
    files: [
      {
        path: 'run',
        text: 'if [ -e /run/said ]; then exec sleep 100; fi\ntouch /run/said\necho my last words >&2\nexit 1\n',
        mode: '0644',
      },
    ],
    unit: (text) => text.replace('TimeoutStopSec=', 'Restart=on-failure\nRestartSec=100ms\nTimeoutStopSec='),
  });
  await world.client.sh('rm -f /run/said');
  must(await world.prepare(once, ['7201']));
  const { opId } = await world.activate({
    instance: '7201',
    from: one,
    to: once,
    guardSeconds: 4,
    whole: true,
  });
  await expect
    .poll(() => world.status(opId, '7201'), { timeout: 20_000 })
    .toMatchObject({ kind: 'rolled-back', by: 'guard', restored: true });
  const status = await world.status(opId, '7201');
  const logs = status?.kind === 'rolled-back' ? status.evidence?.logs : [];
  expect(logs).toContain('my last words');
  // What the old release said as it was stopped is not among them.
  expect(logs?.join('\n')).not.toContain('httpd');
  expect(await world.page('7201')).toBe('one');
});

test('one extension moves the deadline, a second does not', async () => {
  const { opId } = await world.activate({ instance: '7201', from: one, to: two, guardSeconds: 3 });
  const extend = extendRequest({ opId, instance: '7201', ...world.ids, seconds: 5 });
  must(await world.client.call(extend));
  must(await world.client.call(extend));
  const status = await world.status(opId, '7201');
  expect(status?.kind === 'pending' ? status.leftMs : 0).toBeLessThan(8_000);
  // The first timer may fire in the very moment in which it is replaced.
  await world.client.sh(`/usr/local/libexec/pdeploy-agent guard ${SERVICE} 7201 ${opId} -`);
  expect((await world.status(opId, '7201'))?.kind).toBe('pending');
  await sleep(3_500);
  expect(await world.page('7201')).toBe('two');
  await expect.poll(() => world.page('7201'), { timeout: 8_000 }).toBe('one');
});

test('a guard that was lost is stood in for by whoever comes next', async () => {
  const { opId } = await world.activate({ instance: '7201', from: one, to: two, guardSeconds: 600 });
  const record = `/var/lib/pdeploy/${SERVICE}/7201/pending.${opId}`;
  await world.client.sh(
    `systemctl stop pdeploy-guard-${opId}.timer; sed -i 's/^deadline .*/deadline 1/' ${record}`,
  );
  const next = await world.activate({ instance: '7201', from: one, to: two });
  expect(await world.status(opId, '7201')).toMatchObject({
    kind: 'rolled-back',
    by: 'guard',
    restored: true,
  });
  expect(await world.status(next.opId, '7201')).toMatchObject({ kind: 'pending' });
  must(await world.rollback(next.opId, '7201'));
  expect(await world.page('7201')).toBe('one');
});

test('a unit that was restarted too often is switched all the same, and back', async () => {
  const unit = `${SERVICE}@7201`;
  const wearOut = `for i in 1 2 3 4 5 6 7; do systemctl restart ${unit}; done; systemctl is-active ${unit}`;
  expect((await world.client.sh(wearOut)).stdout).toBe('failed\n');
  const { opId, samples } = await world.activate({ instance: '7201', from: one, to: two });
  expect(samples.at(-1)).toMatchObject({ activeState: 'active', exeMatch: true });
  expect((await world.client.sh(wearOut)).stdout).toBe('failed\n');
  must(await world.rollback(opId, '7201'));
  expect(await world.page('7201')).toBe('one');
});

test('a commit ends the guard', async () => {
  const { opId } = await world.activate({ instance: '7201', from: one, to: two, guardSeconds: 3 });
  must(await world.commit(opId, '7201'));
  await sleep(3_500);
  expect(await world.page('7201')).toBe('two');
  const timers = await world.client.sh("systemctl list-units --all --plain --no-legend 'pdeploy-guard*'");
  expect(timers.stdout).toBe('');
});
