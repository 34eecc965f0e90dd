import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { decodeLeaseReply, leaseRequest } from '../../../src/host/verbs/lease.ts';
import { decodeSettled, settleRequest } from '../../../src/host/verbs/settle.ts';
import type { HostOp } from '../../../src/model/resource.ts';
import { testRelease } from './service.ts';
import { freshId, must, openWorld, type World } from './world.ts';

const SERVICE = 'settle';
const one = testRelease(SERVICE, { page: 'one' });
const two = testRelease(SERVICE, { page: 'two' });
const file = (content: string): HostOp => ({
  kind: 'file',
  path: '/etc/settle.conf',
  owner: 'root',
  group: 'root',
  mode: '0644',
  content,
});
let world: World;

beforeAll(async () => {
  world = await openWorld(3, SERVICE);
  await world.deploy(one, '7500');
});
afterAll(async () => {
  await world.end();
});

/** Somebody else takes the lease over, as after `lock release`: only the host's own records are known. */
async function takeover(): Promise<{ readonly epoch: number; readonly deployment: string }> {
  const deployment = freshId('other');
  const common = { service: SERVICE, deployment, holder: 'other', ttlSeconds: 60, manual: false, reason: '' };
  const sh = await world.client.sh(`cut -d ' ' -f 1 /var/lib/pdeploy/${SERVICE}/lease 2>/dev/null`);
  const seenEpoch = Number(sh.stdout.trim());
  const request =
    seenEpoch === 0
      ? leaseRequest({ opId: freshId(), action: 'acquire', ...common })
      : leaseRequest({ opId: freshId(), action: 'takeover', seenEpoch, ...common });
  const lease = decodeLeaseReply(await world.client.call(request));
  if (lease?.kind !== 'granted') throw new Error(JSON.stringify(lease));
  return { epoch: lease.epoch, deployment };
}

const settle = async (lease: { readonly epoch: number; readonly deployment: string }) =>
  await world.client.call(settleRequest({ opId: freshId('s'), service: SERVICE, ...lease }));

/** The first owner has the lease again. */
beforeEach(async () => {
  const taken = await takeover();
  const common = { service: SERVICE, deployment: world.deployment, holder: 'tester', ttlSeconds: 600 };
  const lease = decodeLeaseReply(
    await world.client.call(
      leaseRequest({
        opId: freshId(),
        action: 'takeover',
        seenEpoch: taken.epoch,
        manual: false,
        reason: '',
        ...common,
      }),
    ),
  );
  if (lease?.kind !== 'granted') throw new Error(JSON.stringify(lease));
  Object.assign(world.ids, { epoch: lease.epoch });
});

/** Of whoever settles, who gives it back when the rest is done too. */
const LEASE = 'lease\n';

const left = async (): Promise<string> =>
  (
    await world.client.sh(
      `cd /var/lib/pdeploy/${SERVICE}; ls -d lease undo */pending.* 2>/dev/null; ls -d /opt/pdeploy/${SERVICE}/.incoming 2>/dev/null
       systemctl list-timers --all --plain --no-legend 'pdeploy-guard-*'`,
    )
  ).stdout;

test('a trial goes back, its host operations with it, and nothing of it is left', async () => {
  must(await world.prepare(two, ['7500']));
  await world.client.sh('echo before >/etc/settle.conf');
  const { opId } = await world.activate({
    instance: '7500',
    from: one,
    to: two,
    ops: [file('after\n')],
  });
  expect(await world.page('7500')).toBe('two');
  const answer = must(await settle(await takeover()));
  expect(decodeSettled(answer.lines)).toEqual({
    trials: [{ instance: '7500', deployment: world.deployment, how: 'rolled-back' }],
    undone: [],
  });
  expect(await world.page('7500')).toBe('one');
  expect((await world.client.sh('cat /etc/settle.conf; rm /etc/settle.conf')).stdout).toBe('before\n');
  expect(await world.status(opId, '7500')).toMatchObject({ kind: 'rolled-back', restored: true });
  expect(await left()).toBe(LEASE);
});

test('operations of a deployment that committed nothing here are undone', async () => {
  await world.client.sh('rm -f /etc/settle.conf');
  must(
    await world.prepare(two, ['7500'], {
      ops: [file('new\n')],
    }),
  );
  expect((await world.client.sh('cat /etc/settle.conf')).stdout).toBe('new\n');
  const answer = must(await settle(await takeover()));
  expect(decodeSettled(answer.lines)).toEqual({ trials: [], undone: ['absent /etc/settle.conf'] });
  expect((await world.client.sh('ls /etc/settle.conf')).stdout).toBe('');
  expect(await world.page('7500')).toBe('one');
  expect(await left()).toBe(LEASE);
});

test('a commit that was decided stays, whether it was carried out or not; nothing to do is fine', async () => {
  must(await world.prepare(two, ['7500']));
  const { opId } = await world.activate({ instance: '7500', from: one, to: two });
  // What a commit is that lost its power right after the decision.
  await world.client.sh(
    `cd /var/lib/pdeploy/${SERVICE}/7500 && mv pending.${opId} committed.${opId}; systemctl stop 'pdeploy-guard-${opId}.timer'`,
  );
  const answer = must(await settle(await takeover()));
  expect(decodeSettled(answer.lines).trials).toEqual([
    { instance: '7500', deployment: world.deployment, how: 'committed' },
  ]);
  const seen = await world.observe(['7500']);
  expect(seen.instances.get('7500')).toMatchObject({
    current: two.hostRelease.digest,
    running: two.hostRelease.digest,
  });
  expect(await left()).toBe(LEASE);
  expect(decodeSettled(must(await settle(await takeover())).lines)).toEqual({ trials: [], undone: [] });
});

test('operations of a deployment that committed something here stay with it', async () => {
  await world.client.sh('rm -f /etc/settle.conf');
  must(await world.prepare(one, ['7500'], { ops: [file('with it\n')] }));
  const { opId } = await world.activate({
    opId: `${world.deployment}-1`,
    instance: '7500',
    from: two,
    to: one,
  });
  must(await world.commit(opId, '7500'));
  expect(decodeSettled(must(await settle(await takeover())).lines)).toEqual({ trials: [], undone: [] });
  expect((await world.client.sh('cat /etc/settle.conf; rm /etc/settle.conf')).stdout).toBe('with it\n');
  expect(await world.page('7500')).toBe('one');
  expect(await left()).toBe(LEASE);
});

test('it needs the lease', async () => {
  expect(await settle({ deployment: 'nobody', epoch: 1 })).toMatchObject({ kind: 'error', code: 'fenced' });
});
