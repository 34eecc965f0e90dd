import { afterAll, beforeAll, expect, test } from 'vitest';

import { boot } from '../../../src/lab/boot.ts';
import { labHost } from '../../../src/lab/lab-state.ts';
import { powerCut } from '../../../src/lab/power.ts';
import { testRelease } from './service.ts';
import { must, openWorld, type World } from './world.ts';

const SERVICE = 'power';
const one = testRelease(SERVICE, { page: 'one' });
const two = testRelease(SERVICE, { page: 'two' });
const marked = testRelease(SERVICE, {
  page: 'marked',
  unit: (text) => text.replace('Type=exec', 'Type=exec\nEnvironment=MARK=5'),
});
let world: World;

beforeAll(async () => {
  world = await openWorld(1, SERVICE);
});
afterAll(() => world.end());

async function cutPowerAndBoot(): Promise<void> {
  const host = await labHost(world.client.lab, world.client.host);
  await powerCut(host);
  await boot(host);
  world.client.forget();
  const recovered = 'systemctl is-active pdeploy-recover.service';
  await expect
    .poll(async () => (await world.client.sh(recovered)).stdout, { timeout: 20_000 })
    .toBe('active\n');
}

test('in the middle of a first install: nothing of it runs, and nothing is enabled', async () => {
  must(await world.prepare(one, ['7300']));
  const { opId } = await world.activate({ instance: '7300', from: undefined, to: one });
  await cutPowerAndBoot();
  expect(await world.status(opId, '7300')).toMatchObject({ kind: 'rolled-back', by: 'reboot' });
  const seen = await world.observe(['7300']);
  expect(seen.instances.get('7300')).toMatchObject({
    current: '',
    running: '',
    activeState: 'inactive',
    unitSha256: '',
  });
});

test('a commit of a trial of an earlier boot is refused, where the boot could not end it', async () => {
  await world.deploy(one, '7304');
  must(await world.prepare(two, ['7304']));
  const { opId } = await world.activate({ instance: '7304', from: one, to: two });
  const pending = `/var/lib/pdeploy/${SERVICE}/7304/pending.${opId}`;
  // What a boot leaves whose recovery was killed: the record, with nothing of it in /run.
  await world.client.sh(`sed -i 's/^boot .*/boot 00000000-0000-0000-0000-000000000000/' ${pending}
    ln -sfn /opt/pdeploy/${SERVICE}/7304/current /run/pdeploy/${SERVICE}/7304/current
    systemctl restart ${SERVICE}@7304`);
  expect(await world.commit(opId, '7304')).toMatchObject({ kind: 'error', code: 'rolledback' });
  await expect.poll(() => world.page('7304'), { timeout: 20_000 }).toBe('one');
  expect((await world.observe(['7304'])).instances.get('7304')).toMatchObject({
    current: one.hostRelease.digest,
    running: one.hostRelease.digest,
  });
});

test('in the middle of a trial: the old release runs, and a commit is refused', async () => {
  await world.deploy(one, '7301');
  must(await world.prepare(two, ['7301']));
  const { opId } = await world.activate({ instance: '7301', from: one, to: two });
  expect(await world.page('7301')).toBe('two');
  await cutPowerAndBoot();
  await expect.poll(() => world.page('7301'), { timeout: 20_000 }).toBe('one');
  expect(await world.status(opId, '7301')).toMatchObject({
    kind: 'rolled-back',
    by: 'reboot',
    restored: true,
  });
  expect(await world.commit(opId, '7301')).toMatchObject({ kind: 'error', code: 'rolledback' });
  const seen = await world.observe(['7301']);
  expect(seen.instances.get('7301')).toMatchObject({
    current: one.hostRelease.digest,
    running: one.hostRelease.digest,
  });
  expect(seen.instances.get('7301')?.pending).toBeUndefined();
});

test('in the middle of a trial with another unit and a changed file: both are as before', async () => {
  must(await world.prepare(marked, ['7301']));
  await world.client.sh('echo before >/etc/power.conf');
  await world.activate({
    instance: '7301',
    from: one,
    to: marked,
    ops: [
      {
        kind: 'file',
        path: '/etc/power.conf',
        owner: 'root',
        group: 'root',
        mode: '0644',
        content: 'after\n',
      },
    ],
  });
  expect((await world.client.sh('cat /etc/power.conf')).stdout).toBe('after\n');
  await cutPowerAndBoot();
  await expect.poll(() => world.page('7301'), { timeout: 20_000 }).toBe('one');
  const after = await world.client.sh(
    'cat /etc/power.conf; systemctl show -p Environment --value power@7301; rm /etc/power.conf',
  );
  expect(after.stdout).toBe('before\n\n');
});

test('after a commit: the new release runs', async () => {
  const { opId } = await world.activate({ instance: '7301', from: one, to: marked });
  must(await world.commit(opId, '7301'));
  await cutPowerAndBoot();
  await expect.poll(() => world.page('7301'), { timeout: 20_000 }).toBe('marked');
  expect(await world.status(opId, '7301')).toEqual({ kind: 'committed' });
  expect((await world.client.sh('systemctl show -p Environment --value power@7301')).stdout).toBe('MARK=5\n');
});

test('a commit that was decided but not carried out is finished at boot', async () => {
  const { opId } = await world.activate({ instance: '7301', from: marked, to: two });
  const dir = `/var/lib/pdeploy/${SERVICE}/7301`;
  await world.client.sh(`mv -T ${dir}/pending.${opId} ${dir}/committed.${opId}; sync`);
  await cutPowerAndBoot();
  await expect.poll(() => world.page('7301'), { timeout: 20_000 }).toBe('two');
  expect((await world.client.sh('systemctl show -p Environment --value power@7301')).stdout).toBe('\n');
  const seen = await world.observe(['7301']);
  expect(seen.instances.get('7301')).toMatchObject({ current: two.hostRelease.digest, enabled: true });
});
