import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AGENT_PATH } from '../../../src/host/commands.ts';
import { inspectRequest } from '../../../src/host/verbs/inspect.ts';
import { settleRequest } from '../../../src/host/verbs/settle.ts';
import { undoRequest } from '../../../src/host/verbs/undo.ts';
import { watchRequest } from '../../../src/host/verbs/watch.ts';
import type { Query } from '../../../src/model/resource.ts';
import { openClient } from './client.ts';
import { testRelease, webHealth } from './service.ts';
import { freshId, must, openWorld, type World } from './world.ts';

const SERVICE = 'bound';
const PORT = '7602';
const first = testRelease(SERVICE, { page: 'p1', user: 'daemon' });
const next = testRelease(SERVICE, { page: 'p2', user: 'daemon' });
let world: World;

const policy = (text: string) =>
  world.client.sh(`mkdir -p /etc/pdeploy; printf '${text}' >/etc/pdeploy/policy`);
const deployOnly = () => policy(`policy deploy\\nservice ${SERVICE}\\n`);

beforeAll(async () => {
  // As the sudoers rule of a deploy login allows it: without arguments.
  world = await openWorld(0, SERVICE, AGENT_PATH);
  await world.deploy(first, PORT);
});
afterEach(() => world.client.sh('rm -rf /etc/pdeploy /tmp/pdeploy-canary'));
afterAll(() => world.end());

const refused = { kind: 'error', code: 'refused-by-policy' };

test('a new release with the same unit goes', async () => {
  await deployOnly();
  must(await world.prepare(next, [PORT]));
  const { opId } = await world.activate({ instance: PORT, from: first, to: next });
  must(await world.commit(opId, PORT));
  expect(await world.page(PORT)).toBe('p2');
  expect((await world.observe([PORT])).facts.policy).toBe('deploy');
});

describe('a release that changes more than code and configuration is refused, and nothing of it stays', () => {
  test.each([
    ['unit', { unit: (t: string) => t.replace('Type=exec', 'Type=exec\nExecStartPre=+/bin/true') }],
    ['drop-in', { dropIns: { 'x.conf': '[Service]\nUser=root\n' } }],
    ['logrotate file', { logrotate: '/x { postrotate\nid\nendscript }\n' }],
  ])('%s', async (what, change) => {
    await deployOnly();
    const release = testRelease(SERVICE, { page: what, user: 'daemon', ...change });
    expect(await world.prepare(release, [PORT])).toMatchObject(refused);
    const { digest } = release.hostRelease;
    expect((await world.client.sh(`ls /opt/pdeploy/${SERVICE}/releases`)).stdout).not.toContain(digest);
  });
});

test('a release that lies there gives its programs no other user than the installed unit does', async () => {
  const other = testRelease(SERVICE, { page: 'other', user: 'games' });
  must(await world.prepare(other, [PORT]));
  await deployOnly();
  const watched = await world.client.call(
    watchRequest({
      opId: freshId('w'),
      service: SERVICE,
      instance: PORT,
      expect: other.hostRelease.digest,
      binary: 'busybox',
      streamSeconds: 1,
      health: webHealth(Number(PORT), {
        probes: [{ kind: 'exec', argv: ['touch', '/tmp/pdeploy-canary'], timeoutMs: 1_000 }],
      }),
    }),
  );
  expect(watched).toMatchObject(refused);
  expect((await world.client.sh('ls /tmp/pdeploy-canary')).stdout).toBe('');
});

test('a user that is root by its number is root', async () => {
  await world.client.sh('useradd -o -u 0 -M toor');
  const service = await openWorld(0, 'bound-root', AGENT_PATH);
  try {
    const release = testRelease('bound-root', { page: 'r', user: 'toor' });
    await service.deploy(release, '7603');
    await policy('policy deploy\\nservice bound-root\\n');
    const tested = await service.prepare(release, ['7603'], { test: ['touch', '/tmp/pdeploy-canary'] });
    expect(tested).toMatchObject({ ...refused, message: 'the service runs as root' });
    expect((await world.client.sh('ls /tmp/pdeploy-canary')).stdout).toBe('');
  } finally {
    await world.client.sh('rm -rf /etc/pdeploy');
    await service.end();
    await world.client.sh('sed -i /^toor:/d /etc/passwd /etc/shadow /etc/group');
  }
});

test('other services, host operations, commands and files are refused', async () => {
  await deployOnly();
  const operation = await world.prepare(next, [PORT], { ops: [{ kind: 'remove', path: '/etc/passwd' }] });
  expect(operation).toMatchObject(refused);
  for (const query of [
    { kind: 'path', id: 'a', path: '/etc/shadow', text: true },
    { kind: 'path', id: 'a', path: '/var/lib/pdeploy/other/anchors', text: true },
    { kind: 'path', id: 'a', path: '/opt/pdeploy/other/1/current/manifest', text: true },
    ...['env', 'tls/site/key.pem', 'tls/site/x/cert.pem', 'credentials/manifest'].map((name) => ({
      kind: 'path' as const,
      id: 'a',
      path: `/opt/pdeploy/${world.ids.service}/1/current/${name}`,
      text: true,
    })),
    { kind: 'exec', id: 'a', argv: ['id'] },
  ] satisfies Query[])
    await expect(world.observe([PORT], [query])).rejects.toThrow('refused-by-policy');
  await policy('policy deploy\\nservice other\\n');
  await expect(world.observe([PORT])).rejects.toThrow('does not name service');
});

test('what a path holds is told as far as anybody on the host may read it', async () => {
  await world.client.sh('install -m 0600 /dev/null /root/secret; install -m 0640 /dev/null /etc/secret');
  await deployOnly();
  const path = (id: string): Query => ({ kind: 'path', id, path: id, text: false });
  const { answers } = await world.observe([PORT], ['/root/secret', '/etc/secret', '/etc/passwd'].map(path));
  expect(answers.get('/root/secret')).toEqual({ kind: 'absent' });
  expect(answers.get('/etc/secret')).toMatchObject({ kind: 'path', mode: '0640', sha256: '' });
  expect(answers.get('/etc/passwd')).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  // Certificates are rotated from what a release has; what is there is shown by rotate-login.test.ts.
  const manifest = `/opt/pdeploy/${world.ids.service}/1/current/manifest`;
  const query: Query = { kind: 'path', id: 'm', path: manifest, text: true };
  expect((await world.observe([PORT], [query])).answers.get('m')).toBeDefined();
  await world.client.sh('rm /root/secret /etc/secret');
});

test('what the host policy did is not undone under the deploy policy', async () => {
  await world.client.sh('echo before >/etc/bound.conf');
  const file = { kind: 'file', path: '/etc/bound.conf', owner: 'root', group: 'root', mode: '0644' } as const;
  must(await world.prepare(next, [PORT], { ops: [{ ...file, content: 'after\n' }] }));
  await deployOnly();
  const undo = () => world.client.call(undoRequest({ opId: freshId('u'), ...world.ids }));
  expect(await undo()).toMatchObject(refused);
  expect(await world.client.call(settleRequest({ opId: freshId('s'), ...world.ids }))).toMatchObject(refused);
  expect((await world.client.sh('cat /etc/bound.conf')).stdout).toBe('after\n');
  await world.client.sh('rm -r /etc/pdeploy');
  must(await undo());
  expect((await world.client.sh('cat /etc/bound.conf; rm /etc/bound.conf')).stdout).toBe('before\n');
});

describe('a policy that is not root’s alone lets nothing through', () => {
  test.each([
    ['owned by somebody else', 'chown daemon /etc/pdeploy/policy'],
    ['writable for its group', 'chmod g+w /etc/pdeploy/policy'],
    ['writable for all', 'chmod o+w /etc/pdeploy/policy'],
    ['in a directory of somebody else', 'chown daemon /etc/pdeploy'],
    ['a link', 'mv /etc/pdeploy/policy /etc/pdeploy/p; ln -s p /etc/pdeploy/policy'],
    ['a link to nowhere', 'ln -sfn nowhere /etc/pdeploy/policy'],
  ])('%s', async (_what, change) => {
    await policy('policy host\\n');
    await world.client.sh(change);
    await expect(world.observe([PORT])).rejects.toThrow('somebody other than root can write to /etc/pdeploy');
  });
});

test('root is not bound, and nobody else can say that he is', async () => {
  await policy('policy deploy\\nservice other\\n');
  const root = openClient(0);
  const rule = `nobody ALL=(root) NOPASSWD: ${AGENT_PATH} ""`;
  await root.sh(`echo '${rule}' >/etc/sudoers.d/pdeploy-test`);
  try {
    const request = inspectRequest({ opId: freshId('i'), service: SERVICE, instances: [] });
    expect((await root.call(request)).lines).toContain('caller 0 root');
    const ask = (args: string) =>
      root.sh(`sudo -u nobody sudo -n ${AGENT_PATH} ${args} <<'EOF'\n${request.header}EOF`);
    expect((await ask('')).stdout).toContain('caller 1 nobody\n');
    expect((await ask('root')).stdout).toBe('');
  } finally {
    await root.sh('rm -f /etc/sudoers.d/pdeploy-test');
    root.close();
  }
});
