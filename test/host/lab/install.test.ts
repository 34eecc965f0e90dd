import { afterAll, beforeAll, expect, test } from 'vitest';

import { AGENT_PARTS, agentScript, finish, readPart } from '../../../src/host/assemble.ts';
import { testRelease } from './service.ts';
import { must, openWorld, type World } from './world.ts';

const SERVICE = 'install';
const one = testRelease(SERVICE, { page: 'one' });
const two = testRelease(SERVICE, { page: 'two' });
let world: World;

beforeAll(async () => {
  world = await openWorld(0, SERVICE);
  await world.deploy(one, '7951');
});
afterAll(async () => {
  await world.client.install();
  await world.end();
});

const versions = async () =>
  (await world.client.sh('ls /usr/local/libexec/pdeploy')).stdout.split('\n').filter((name) => name !== '');

test('the version that guards a trial stays, however many newer ones come', async () => {
  must(await world.prepare(two, ['7951']));
  const { opId } = await world.activate({ instance: '7951', from: one, to: two, guardSeconds: 6 });
  const body = AGENT_PARTS.map(readPart).join('');
  for (let n = 0; n < 5; n += 1)
    expect((await world.client.install(finish(`# ${n}\n${body}`).text)).kind).toBe('ok');
  expect(await versions()).toContain(`agent-${agentScript().sha256}`);
  expect((await versions()).length).toBeLessThanOrEqual(4);
  expect((await world.status(opId, '7951')) ?? 'no answer from another version').toBe(
    'no answer from another version',
  );
  await expect.poll(() => world.page('7951'), { timeout: 20_000 }).toBe('one');
  expect((await world.client.install()).kind).toBe('ok');
  await expect
    .poll(() => world.status(opId, '7951'))
    .toMatchObject({ kind: 'rolled-back', by: 'guard', restored: true });
});

test('recovery is enabled at boot and calls the version in use', async () => {
  const unit = await world.client.sh(
    'systemctl is-enabled pdeploy-recover.service; readlink /usr/local/libexec/pdeploy-agent; systemctl cat pdeploy-recover.service',
  );
  expect(unit.stdout).toContain('enabled\n');
  expect(unit.stdout).toContain(`/usr/local/libexec/pdeploy/agent-${agentScript().sha256}\n`);
  expect(unit.stdout).toContain('ExecStart=/usr/local/libexec/pdeploy-agent recover');
});

test('a user with one sudo rule can do everything and nothing else', async () => {
  const rule = 'deploy ALL=(root) NOPASSWD: /usr/local/libexec/pdeploy-agent ""';
  const ask = (args: string) => `echo | sudo -u nobody sudo -n /usr/local/libexec/pdeploy-agent ${args} 2>&1`;
  await world.client.sh(`echo '${rule.replace('deploy', 'nobody')}' >/etc/sudoers.d/pdeploy-test`);
  const ran = await world.client.sh(
    `${ask('')}; ${ask('install')}; sudo -u nobody sudo -n id 2>&1; rm /etc/sudoers.d/pdeploy-test`,
  );
  const [agent, install, id] = ran.stdout.split('\n');
  expect(agent).toMatch(/^pdeploy-end - 1 bad-request/);
  expect([install, id].join()).not.toContain('pdeploy-end');
  expect([install, id].join()).not.toContain('uid=0');
});

test('several who find no agent at once can all install it', async () => {
  for (let n = 0; n < 4; n += 1) {
    const script = finish(`# together ${n}\n${AGENT_PARTS.map(readPart).join('')}`).text;
    const replies = await Promise.all(Array.from({ length: 8 }, () => world.client.install(script)));
    expect(replies.map((reply) => reply.kind)).toEqual(replies.map(() => 'ok'));
  }
  expect((await world.client.install()).kind).toBe('ok');
});
