import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { finishRequest } from '../../../src/host/verbs/finish.ts';
import { undoRequest } from '../../../src/host/verbs/undo.ts';
import type { HostOp } from '../../../src/model/resource.ts';
import { Secret } from '../../../src/util/secret.ts';
import type { Answer } from './client.ts';
import { testRelease } from './service.ts';
import { freshId, must, openWorld, type World } from './world.ts';

const SERVICE = 'ops';
const DIR = '/etc/pdeploy-test';
const one = testRelease(SERVICE, { page: 'one' });
const two = testRelease(SERVICE, { page: 'two' });
let world: World;

beforeAll(async () => {
  world = await openWorld(0, SERVICE);
  await world.deploy(one, '7701');
});
beforeEach(() =>
  world.client.sh(`rm -rf ${DIR}; mkdir ${DIR}; echo old >${DIR}/a; chmod 0600 ${DIR}/a; ln -s a ${DIR}/l`),
);
afterAll(async () => {
  await world.client.sh(
    `rm -rf ${DIR}; userdel pdtest 2>/dev/null; rm -f /etc/sysusers.d/pdeploy-pdtest.conf`,
  );
  await world.end();
});

const SHOW = `cd ${DIR} && find . -printf '%P %y %m %U:%G %l\\n' | sort; cat a b 2>/dev/null; true`;
const state = async () => (await world.client.sh(SHOW)).stdout;
const undo = (): Promise<Answer> => world.client.call(undoRequest({ opId: freshId('u'), ...world.ids }));
// The first prepare also recorded the unit of the first install; while that is committed, its undoing is a no-op.
const changes = (answer: Answer) => answer.lines.filter((line) => line.startsWith('changed'));

const file = (name: string, content: string | Secret, mode = '0644'): HostOp => ({
  kind: 'file',
  path: `${DIR}/${name}`,
  owner: 'root',
  group: 'root',
  mode,
  content,
});

test('are applied once, change only what differs, and are undone in reverse order', async () => {
  const before = await state();
  const secret = 'a "secret"\n$(with) \'quotes\'\n\n';
  const ops: readonly HostOp[] = [
    file('a', 'new\n'),
    file('b', new Secret('token', secret), '0600'),
    { kind: 'directory', path: `${DIR}/d`, owner: 'daemon', group: 'daemon', mode: '0750' },
    file('d/inside', 'x'),
    { kind: 'remove', path: `${DIR}/l` },
    {
      kind: 'command',
      argv: ['/bin/sh', '-c', `echo "$1" >>${DIR}/log`, 'x', 'it runs; $HOME'],
      revert: ['/bin/sh', '-c', `echo back >>${DIR}/log`],
    },
  ];
  const first = must(await world.prepare(one, ['7701'], { ops }));
  expect(changes(first)).toEqual([
    `changed file ${DIR}/a`,
    `changed file ${DIR}/b`,
    `changed directory ${DIR}/d`,
    `changed file ${DIR}/d/inside`,
    `changed remove ${DIR}/l`,
    'changed command 6',
  ]);
  expect((await world.client.sh(`cat ${DIR}/b`)).stdout).toBe(secret);
  const second = must(await world.prepare(one, ['7701'], { ops }));
  expect(changes(second)).toEqual([]);
  expect((await world.client.sh(`cat ${DIR}/log`)).stdout).toBe('it runs; $HOME\n');
  const undone = must(await undo());
  expect(undone.lines.filter((line) => line.startsWith('undone'))).toHaveLength(7);
  expect((await world.client.sh(`cat ${DIR}/log; rm ${DIR}/log`)).stdout).toBe('it runs; $HOME\nback\n');
  expect(await state()).toBe(before);
  expect(must(await undo()).lines).toEqual([]);
});

test('a secret is in no command line, no journal and no undo record', async () => {
  const secret = 'sesame-7f3e';
  const watch = world.client.sh(
    `for i in $(seq 60); do grep -lsa ${secret.slice(0, 8)}'-7f3e' /proc/[0-9]*/cmdline; sleep 0.01; done | grep -v "^/proc/self" | sort -u | wc -l`,
  );
  must(await world.prepare(one, ['7701'], { ops: [file('b', new Secret('s', secret), '0600')] }));
  await watch;
  const found = await world.client.sh(
    `grep -rlsa 'sesame-7f3e' /var/lib/pdeploy /opt/pdeploy /run/pdeploy* /tmp; journalctl -q -o cat -b | grep -c 'sesame-7f3[e]'`,
  );
  expect(found.stdout).toBe('0\n');
  must(await undo());
});

test('of a trial are undone by its rollback, not by that of another', async () => {
  const before = await state();
  must(await world.prepare(two, ['7701']));
  const { opId } = await world.activate({
    instance: '7701',
    from: one,
    to: two,
    ops: [file('a', 'trial\n')],
  });
  expect(await state()).toContain('trial');
  must(await world.rollback(opId, '7701'));
  expect(await state()).toBe(before);
  const kept = await world.activate({ instance: '7701', from: one, to: two, ops: [file('a', 'kept\n')] });
  must(await world.commit(kept.opId, '7701'));
  const other = await world.activate({ instance: '7701', from: two, to: one, ops: [file('b', 'b\n')] });
  must(await world.rollback(other.opId, '7701'));
  expect(await state()).toContain('kept');
  must(await undo());
  expect(await state()).toBe(before);
  const back = await world.activate({ instance: '7701', from: two, to: one });
  must(await world.commit(back.opId, '7701'));
});

test('a command that fails stops the trial before the switch; the rollback undoes what came before it', async () => {
  const before = await state();
  const { opId, answer } = await world.activate({
    instance: '7701',
    from: one,
    to: two,
    ops: [
      file('a', 'half\n'),
      { kind: 'command', argv: ['/bin/sh', '-c', 'echo no such module >&2; exit 7'] },
    ],
  });
  expect(answer).toMatchObject({
    kind: 'error',
    code: 'failed',
    message: expect.stringContaining('no such module'),
  });
  expect(await world.page('7701')).toBe('one');
  must(await world.rollback(opId, '7701'));
  expect(await state()).toBe(before);
});

test('after the guard no further operation is applied', async () => {
  const before = await state();
  const { answer, opId } = await world.activate({
    instance: '7701',
    from: one,
    to: two,
    guardSeconds: 1,
    ops: [file('a', 'x'), { kind: 'command', argv: ['/bin/sleep', '2'] }, file('b', 'too late')],
  });
  expect(answer).toMatchObject({ kind: 'error', code: 'rolledback' });
  expect(answer.lines).not.toContain(`changed file ${DIR}/b`);
  await expect.poll(() => world.status(opId, '7701')).toMatchObject({ kind: 'rolled-back', restored: true });
  expect(await state()).toBe(before);
  expect(await world.page('7701')).toBe('one');
});

test('a user is created with a home and a shell, and changed later', async () => {
  const user = (home: string): HostOp => ({
    kind: 'user',
    name: 'pdtest',
    home,
    shell: '/usr/sbin/nologin',
    comment: 'a test, 100% of %H',
  });
  const created = must(await world.prepare(one, ['7701'], { ops: [user('/var/lib/pdtest')] }));
  expect(changes(created)).toEqual(['changed user pdtest']);
  const query = [{ kind: 'user', id: 'u', name: 'pdtest' }] as const;
  expect((await world.observe([], query)).answers.get('u')).toMatchObject({
    kind: 'user',
    home: '/var/lib/pdtest',
    shell: '/usr/sbin/nologin',
  });
  expect(changes(must(await world.prepare(one, ['7701'], { ops: [user('/var/lib/pdtest')] })))).toEqual([]);
  must(await world.client.call(undoRequest({ opId: freshId('u'), ...world.ids })));
  must(await world.prepare(one, ['7701'], { ops: [user('/srv')] }));
  expect((await world.observe([], query)).answers.get('u')).toMatchObject({ home: '/srv' });
  must(await undo());
  expect((await world.observe([], query)).answers.get('u')).toMatchObject({ home: '/var/lib/pdtest' });
});

test('what cannot be undone is told, and the rest is undone', async () => {
  const before = await state();
  const ops: readonly HostOp[] = [
    file('a', 'x'),
    { kind: 'command', argv: ['/bin/true'], revert: ['/bin/false'] },
    file('b', 'y'),
  ];
  must(await world.prepare(one, ['7701'], { ops }));
  const answer = await undo();
  expect(answer).toMatchObject({
    kind: 'error',
    code: 'failed',
    message: expect.stringContaining('command'),
  });
  expect(await state()).toBe(before);
  await world.client.sh(`rm -rf /var/lib/pdeploy/${SERVICE}/undo`);
});

test('a credential is encrypted for the host, once, and gone when it is undone', async () => {
  const path = `${DIR}/store/sealed`;
  const ops: readonly HostOp[] = [
    { kind: 'credential', path, name: 'db', content: new Secret('sealed', 'a text to seal') },
  ];
  const prepare = () => world.prepare(one, ['7701'], { ops });
  expect(changes(must(await prepare()))).toEqual([`changed credential ${path}`]);
  const look = `stat -c '%a %U' ${path}; stat -c %a ${DIR}/store; grep -c seal ${path}; systemd-creds decrypt --name=db ${path} -; ls -A ${DIR}/store | wc -l; sha256sum ${path}`;
  const first = (await world.client.sh(look)).stdout;
  expect(first).toMatch(/^600 root\n700\n0\na text to seal1\n/);
  expect(changes(must(await prepare()))).toEqual([]);
  expect((await world.client.sh(look)).stdout).toBe(first);
  // What is encrypted for one name is of no use under another.
  expect((await world.client.sh(`systemd-creds decrypt --name=other ${path} - 2>&1`)).stdout).not.toContain(
    'seal',
  );
  must(await undo());
  expect((await world.client.sh(`ls ${path} 2>&1`)).stdout).toContain('No such file');
});

test('finish keeps what runs, what is proven and what it is told to; the rest goes, and the lease', async () => {
  const three = testRelease(SERVICE, { page: 'three' });
  const four = testRelease(SERVICE, { page: 'four' });
  const five = testRelease(SERVICE, { page: 'five' });
  for (const release of [two, three, four, five]) must(await world.prepare(release, ['7701']));
  const running = `/opt/pdeploy/${SERVICE}/releases/${five.hostRelease.digest}/bin/busybox`;
  await world.client.sh(`systemd-run -q --unit=pdtest-running ${running} sleep 60`);
  const answer = must(
    await world.client.call(
      finishRequest({
        opId: freshId('f'),
        ...world.ids,
        keep: [two.hostRelease.digest],
        proven: three.hostRelease.digest,
      }),
    ),
  );
  expect(answer.lines.filter((line) => line.startsWith('collected'))).toEqual([
    `collected ${four.hostRelease.digest}`,
  ]);
  await world.client.sh('systemctl stop pdtest-running');
  const seen = await world.observe(['7701']);
  expect(new Set(seen.releases.map((r) => r.digest))).toEqual(
    new Set([one, two, three, five].map((r) => r.hostRelease.digest)),
  );
  expect(seen.lease).toBeUndefined();
  expect(await world.page('7701')).toBe('one');
  expect(
    (
      await world.client.sh(
        `ls /var/lib/pdeploy/${SERVICE}/undo /opt/pdeploy/${SERVICE}/.incoming 2>/dev/null; cat /var/lib/pdeploy/${SERVICE}/last_good`,
      )
    ).stdout,
  ).toContain(three.hostRelease.digest);
});
