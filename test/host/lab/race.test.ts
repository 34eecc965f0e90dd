import { afterAll, beforeAll, expect, test } from 'vitest';

import { activateRequest } from '../../../src/host/verbs/activate.ts';
import { finishRequest } from '../../../src/host/verbs/finish.ts';
import { testRelease, webHealth } from './service.ts';
import { freshId, must, openWorld, type World } from './world.ts';

const SERVICE = 'race';
const one = testRelease(SERVICE, { page: 'one' });
const two = testRelease(SERVICE, { page: 'two' });
let world: World;

beforeAll(async () => {
  world = await openWorld(0, SERVICE);
  await world.deploy(one, '7401');
  must(await world.prepare(two, ['7401']));
});
afterAll(() => world.end());

async function restarts(): Promise<number> {
  const log = await world.client.sh(`journalctl -q -o cat -u ${SERVICE}@7401 | grep -c '^Started '`);
  return Number(log.stdout);
}

test('of a commit and a rollback at once exactly one wins, and both say which', async () => {
  const wins = new Set<string>();
  for (let round = 0; round < 6; round += 1) {
    const { opId } = await world.activate({ instance: '7401', from: one, to: two });
    const both =
      round % 2 === 0
        ? await Promise.all([world.commit(opId, '7401'), world.rollback(opId, '7401')])
        : (await Promise.all([world.rollback(opId, '7401'), world.commit(opId, '7401')])).reverse();
    const [commit, rollback] = both;
    const status = await world.status(opId, '7401');
    const page = await world.page('7401');
    if (status?.kind === 'committed') {
      expect([commit?.kind, rollback?.kind, page]).toEqual(['ok', 'error', 'two']);
      const back = await world.activate({ instance: '7401', from: two, to: one });
      must(await world.commit(back.opId, '7401'));
    } else {
      expect(commit).toMatchObject({ kind: 'error', code: 'rolledback' });
      expect([rollback?.kind, page]).toEqual(['ok', 'one']);
    }
    wins.add(status?.kind ?? 'none');
  }
  expect(wins.has('none')).toBe(false);
});

test('the same operation twice at once switches once', async () => {
  const before = await restarts();
  const opId = freshId('t');
  const request = activateRequest({
    opId,
    ...world.ids,
    instance: '7401',
    from: one.hostRelease.digest,
    to: two.hostRelease.digest,
    binary: 'busybox',
    guardSeconds: 60,
    stopTimeoutMs: 5000,
    health: webHealth(7401),
    streamSeconds: 1,
    ops: [],
  });
  const answers = await Promise.all([world.client.call(request), world.client.call(request)]);
  expect(answers.map((answer) => answer.kind)).toEqual(['ok', 'ok']);
  expect(await restarts()).toBe(before + 1);
  must(await world.rollback(opId, '7401'));
  expect(await world.client.call(request)).toMatchObject({ kind: 'error', code: 'rolledback' });
  expect(await world.page('7401')).toBe('one');
});

test('who goes back first and gets the lock second does not restart what the other has brought back', async () => {
  const { opId } = await world.activate({ instance: '7401', from: one, to: two });
  const before = await restarts();
  const dir = `/var/lib/pdeploy/${SERVICE}/7401`;
  const guard = await world.client.sh(
    `flock ${dir}/.restore sleep 60 >/dev/null 2>&1 & echo $!
     setsid /usr/local/libexec/pdeploy-agent guard ${SERVICE} 7401 ${opId} - >/dev/null 2>&1 & echo $!
     n=0
     until [ -e ${dir}/rolledback.${opId} ] && pgrep -g $! -x flock >/dev/null || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
     pkill -STOP -g $!`,
  );
  const [holder, stopped] = guard.stdout.trim().split('\n');
  const back = world.rollback(opId, '7401');
  await world.client.sh(
    `n=0
     until [ "$(pgrep -c -x flock)" -ge 3 ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
     pkill -P ${holder}`,
  );
  expect(await back).toMatchObject({ kind: 'ok' });
  expect(await restarts()).toBe(before + 1);
  await world.client.sh(
    `pkill -CONT -g ${stopped}
     n=0
     while pgrep -g ${stopped} >/dev/null && [ $n -lt 200 ]; do sleep 0.05; n=$((n + 1)); done`,
  );
  expect(await restarts()).toBe(before + 1);
  expect(await world.page('7401')).toBe('one');
});

test('a way back that no disk has room to record is not gone once more', async () => {
  const { opId } = await world.activate({ instance: '7401', from: one, to: two });
  const before = await restarts();
  const dir = `/var/lib/pdeploy/${SERVICE}/7401`;
  await world.client.sh(
    `cp -a ${dir} /run/copy && mount -t tmpfs -o size=256k disk ${dir} && cp -a /run/copy/. ${dir}
     # The record fills its page: what is added to it needs room.
     printf 'pad %s\\n' "$(head -c $((4091 - $(stat -c %s ${dir}/pending.${opId}))) /dev/zero | tr '\\0' x)" >>${dir}/pending.${opId}
     dd if=/dev/zero of=${dir}/filler bs=4k count=100 2>/dev/null`,
  );
  try {
    const record = () => world.client.sh(`cat ${dir}/rolledback.${opId}`).then(({ stdout }) => stdout);
    must(await world.rollback(opId, '7401'));
    expect(await record()).not.toContain('restored');
    must(await world.rollback(opId, '7401'));
    expect(await world.status(opId, '7401')).toMatchObject({ kind: 'rolled-back', restored: true });
    expect(await restarts()).toBe(before + 1);
    await world.client.sh(`rm ${dir}/filler`);
    must(await world.rollback(opId, '7401'));
    expect(await record()).toContain('restored 1');
    expect(await restarts()).toBe(before + 1);
  } finally {
    await world.client.sh(
      `rm -rf /run/copy; cp -a ${dir} /run/copy; umount -l ${dir}; rm -rf ${dir}; mv /run/copy ${dir}`,
    );
  }
});

test('two operations at once: one switches, the other is told of it', async () => {
  const [a, b] = await Promise.all([
    world.activate({ instance: '7401', from: one, to: two, streamSeconds: 1, whole: true }),
    world.activate({ instance: '7401', from: one, to: two, streamSeconds: 1, whole: true }),
  ]);
  const winner = a.answer.kind === 'ok' ? a : b;
  const loser = winner === a ? b : a;
  expect(winner.answer.kind).toBe('ok');
  expect(loser.answer).toMatchObject({ kind: 'error', code: 'conflict' });
  must(await world.rollback(winner.opId, '7401'));
});

test('a connection that dies as soon as the guard is armed does not stop the switch', async () => {
  const opId = freshId('t');
  const request = activateRequest({
    opId,
    ...world.ids,
    instance: '7401',
    from: one.hostRelease.digest,
    to: two.hostRelease.digest,
    binary: 'busybox',
    guardSeconds: 60,
    stopTimeoutMs: 5000,
    health: webHealth(7401),
    streamSeconds: 30,
    ops: [],
  });
  const answer = await world.client.call(request, {
    onLine: (line, cut) => {
      if (line.startsWith('armed')) cut();
    },
  });
  expect(answer.kind).toBe('no-trailer');
  await expect.poll(() => world.page('7401'), { timeout: 20_000 }).toBe('two');
  await expect.poll(() => world.status(opId, '7401')).toMatchObject({ kind: 'pending', switched: true });
  must(await world.commit(opId, '7401'));
  must(await world.commit(opId, '7401'));
});

test('a connection that dies before anything is told does not stop the switch either', async () => {
  const { opId } = await world.activate({
    instance: '7401',
    from: two,
    to: one,
    streamSeconds: 0,
    ops: [
      { kind: 'command', argv: ['/bin/sh', '-c', 'kill -9 $(pgrep -f "^sshd: root@notty") ; sleep 0.3'] },
    ],
  });
  world.client.forget();
  await expect.poll(() => world.page('7401'), { timeout: 20_000 }).toBe('one');
  await expect.poll(() => world.status(opId, '7401')).toMatchObject({ kind: 'pending', switched: true });
  must(await world.rollback(opId, '7401'));
  expect(await world.page('7401')).toBe('two');
});

test('the expected release is not the current one: nothing happens', async () => {
  const before = await restarts();
  const { answer } = await world.activate({ instance: '7401', from: one, to: two });
  expect(answer).toMatchObject({ kind: 'error', code: 'conflict' });
  expect(await restarts()).toBe(before);
});

test('nobody reads any more: the agent ends', async () => {
  const { opId } = await world.activate({ instance: '7401', from: two, to: one, streamSeconds: 60 });
  await expect
    .poll(async () => (await world.client.sh("pgrep -fc '^/bin/sh .*pdeploy-agent root$'")).stdout, {
      timeout: 20_000,
    })
    .toBe('0\n');
  must(await world.commit(opId, '7401'));
});

test('a commit whose process died after the decision is carried out at the end of the deployment', async () => {
  const opId = `${world.deployment}-dead`;
  await world.activate({ opId, instance: '7401', from: one, to: two });
  const dir = `/var/lib/pdeploy/${SERVICE}/7401`;
  await world.client.sh(`mv -T ${dir}/pending.${opId} ${dir}/committed.${opId}`);
  must(await world.client.call(finishRequest({ opId: freshId('fin'), ...world.ids, keep: [] })));
  const seen = await world.observe(['7401']);
  expect(seen.instances.get('7401')).toMatchObject({
    current: two.hostRelease.digest,
    running: two.hostRelease.digest,
  });
  expect((await world.client.sh(`cat ${dir}/committed.${opId}`)).stdout).toContain('done 1');
});
