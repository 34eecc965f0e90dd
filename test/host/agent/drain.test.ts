import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  type DrainTarget,
  decodeLeft,
  decodeNotes,
  decodeServer,
  drainNotesRequest,
  drainRequest,
  isKept,
  targetName,
} from '../../../src/host/verbs/drain.ts';
import { type Backend, type Haproxy, hasProgram, startBackend, startHaproxy } from '../../haproxy.ts';
import { startLossySocket } from '../../lossy-socket.ts';
import { type LocalAgent, localAgent, SHELLS } from './local-agent.ts';

let n = 0;
const opId = (): string => `d-${++n}`;

describe.each(SHELLS)('%s', (_name, argv) => {
  let agent: LocalAgent;
  let backend: Backend;
  let haproxy: Haproxy;
  let target: DrainTarget;
  beforeAll(async () => {
    backend = await startBackend();
  });
  beforeEach(async () => {
    agent = localAgent(argv);
    haproxy = await startHaproxy({ 'edge-01-1': backend.port, 'edge-01-2': backend.port });
    // The agent looks below the directory that it takes for the root of its host.
    mkdirSync(join(agent.root, dirname(haproxy.socket)), { recursive: true });
    symlinkSync(haproxy.socket, join(agent.root, haproxy.socket));
    target = { kind: 'haproxy', socket: haproxy.socket, backend: 'edge', server: 'edge-01-1' };
  });
  afterEach(async () => {
    await haproxy.end();
    agent.end();
  });
  afterAll(() => backend.end());

  const call = (action: 'check' | 'ready', of = target) =>
    agent.call(drainRequest({ opId: opId(), service: 'edge', target: of, action }));
  const readyOf = (deployment: string) =>
    agent.call(drainRequest({ opId: opId(), service: 'edge', target, action: 'ready', deployment }));
  const out = (of = target, guardSeconds = 60, epoch = 1) =>
    agent.call(
      drainRequest({
        opId: opId(),
        service: 'edge',
        target: of,
        action: 'out',
        deployment: `d-${epoch}`,
        epoch,
        guardSeconds,
      }),
    );
  const stream = (action: 'wait' | 'up', streamSeconds: number) =>
    agent.call(drainRequest({ opId: opId(), service: 'edge', target, action, streamSeconds }));
  const notes = (): readonly string[] => {
    const dir = join(agent.root, 'run/pdeploy/edge/.drained');
    return existsSync(dir) ? readdirSync(dir) : [];
  };

  test('a server goes out and comes back, as often as it is asked for', async () => {
    expect(decodeServer(call('check').lines)).toEqual({ inFlight: 0, away: false, status: 'no check' });
    expect(out()).toMatchObject({ kind: 'ok', lines: ['drain out'] });
    expect(out().kind).toBe('ok');
    expect(decodeServer(call('check').lines)).toMatchObject({ away: true });
    expect(await haproxy.status('edge-01-1')).toBe('DRAIN');
    expect(await haproxy.status('edge-01-2')).toBe('no check');
    expect(decodeLeft(stream('wait', 5).lines)).toBe(0);
    expect(call('ready').kind).toBe('ok');
    expect(call('ready').kind).toBe('ok');
    expect(await haproxy.status('edge-01-1')).toBe('no check');
    expect(decodeServer(stream('up', 5).lines)).toMatchObject({ away: false, status: 'no check' });
    expect(notes()).toEqual([]);
  });

  test('it waits for the request that is in flight, and says how many are left', async () => {
    await haproxy.ask('set server edge/edge-01-2 state maint');
    const answer = fetch(`http://127.0.0.1:${haproxy.port}/slow`, { headers: { connection: 'close' } });
    while (backend.waiting() === 0) await new Promise((r) => setTimeout(r, 20));
    out();
    expect(decodeLeft(stream('wait', 1).lines)).toBe(1);
    backend.release();
    expect(await (await answer).text()).toBe('slow');
    expect(decodeLeft(stream('wait', 20).lines)).toBe(0);
  });

  test('what somebody else has taken out stays out', async () => {
    await haproxy.ask('set server edge/edge-01-1 state maint');
    expect(isKept(out().lines)).toBe(true);
    call('ready');
    expect(await haproxy.status('edge-01-1')).toBe('MAINT');
    expect(decodeServer(stream('up', 0).lines)).toMatchObject({ away: true, status: 'MAINT' });
  });

  test('what another deployment has taken out meanwhile stays out', async () => {
    out();
    expect(readyOf('d-0').kind).toBe('ok');
    expect(await haproxy.status('edge-01-1')).toBe('DRAIN');
    expect(notes()).toHaveLength(1);
    expect(readyOf('d-1').kind).toBe('ok');
    expect(await haproxy.status('edge-01-1')).toBe('no check');
    expect(notes()).toEqual([]);
    expect(readyOf('d-1').kind).toBe('ok');
  });

  test('a change that got lost on its way to HAProxy is made again, and never taken for made', async () => {
    const socket = `${haproxy.socket}.lossy`;
    symlinkSync(socket, join(agent.root, socket));
    const through: DrainTarget = { ...target, socket } as DrainTarget;
    const some = await startLossySocket(socket, haproxy.socket, 1);
    expect(out(through)).toMatchObject({ kind: 'ok', lines: ['drain out'] });
    expect(await haproxy.status('edge-01-1')).toBe('DRAIN');
    await some.end();
    const all = await startLossySocket(socket, haproxy.socket, 1_000);
    expect(call('ready', through)).toMatchObject({
      code: 'failed',
      message: 'HAProxy did not set edge/edge-01-1 to ready',
    });
    // The timer and `resume` find the note.
    expect(notes()).toHaveLength(1);
    await all.end();
    const none = await startLossySocket(socket, haproxy.socket, 0);
    expect(call('ready', through).kind).toBe('ok');
    expect(await haproxy.status('edge-01-1')).toBe('no check');
    await none.end();
  });

  test('an HAProxy that has forgotten it meanwhile is told again while requests are waited for', async () => {
    out();
    await haproxy.ask('set server edge/edge-01-1 state ready');
    expect(decodeLeft(stream('wait', 1).lines)).toBe(0);
    expect(await haproxy.status('edge-01-1')).toBe('DRAIN');
  });

  test('what nobody has out is not waited for: a balancer has forgotten its notes at a boot', async () => {
    out();
    call('ready');
    expect(stream('wait', 1)).toMatchObject({ kind: 'error', code: 'failed' });
    expect(await haproxy.status('edge-01-1')).toBe('no check');
  });

  test('the timer brings back what is due, and not what was taken out anew', async () => {
    out(target, 3_600);
    const [key = ''] = notes();
    agent.as('undrain', 'edge', key);
    agent.raw('');
    expect(await haproxy.status('edge-01-1')).toBe('DRAIN');
    const file = join(agent.root, 'run/pdeploy/edge/.drained', key);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^\d+/, '1'));
    agent.raw('');
    expect(await haproxy.status('edge-01-1')).toBe('no check');
    expect(notes()).toEqual([]);
  });

  test('who slept past the lease does not take over what the next one has out', () => {
    expect(out().kind).toBe('ok');
    expect(out(target, 60, 2).kind).toBe('ok');
    expect(out()).toMatchObject({ code: 'fenced', message: 'deployment d-2 has it out' });
    expect(readyOf('d-1').kind).toBe('ok');
    expect(notes()).toHaveLength(1);
    expect(out(target, 60, 3).kind).toBe('ok');
  });

  test('what deployments have out is told, with who has it', async () => {
    const noted = () => decodeNotes(agent.call(drainNotesRequest(opId(), 'edge')).lines);
    out();
    const second = { ...target, server: 'edge-01-2' } as DrainTarget;
    out(second);
    const [left, right] = noted().toSorted((a, b) =>
      targetName(a.target).localeCompare(targetName(b.target)),
    );
    expect(left).toEqual({ deployment: 'd-1', target });
    expect(right).toEqual({ deployment: 'd-1', target: second });
    call('ready');
    expect(noted()).toEqual([right]);
  });

  test('what is not there is said, and nothing is noted', async () => {
    expect(out({ ...target, server: 'edge-09' } as DrainTarget)).toMatchObject({
      code: 'not-found',
      message: 'HAProxy has no server edge/edge-09',
    });
    expect(call('check', { ...target, backend: 'none' } as DrainTarget)).toMatchObject({ code: 'not-found' });
    const elsewhere = { ...target, socket: '/run/none.sock' } as DrainTarget;
    expect(call('check', elsewhere)).toMatchObject({ message: 'there is no socket /run/none.sock' });
    await haproxy.end();
    expect(call('check')).toMatchObject({ kind: 'error' });
    expect(notes()).toEqual([]);
  });

  test('no name is syntax to HAProxy, socat or the shell', () => {
    for (const server of ['a;show', 'a b', 'a/b', '$(id)', '']) {
      const reply = agent.header('drain', [
        'service edge',
        'action out',
        `target haproxy /run/a.sock edge ${server}`,
      ]);
      expect(reply, server).toMatchObject({ code: 'bad-request' });
    }
    for (const path of ['/run/a,fork', '/run/../etc/a', 'a.sock', '/run/a:b']) {
      const reply = agent.header('drain', ['service edge', 'action check', `target haproxy ${path} edge s`]);
      expect(reply, path).toMatchObject({ code: 'bad-request' });
    }
  });

  test.each(['perl', 'socat', 'python3', 'nc'].filter(hasProgram))('%s talks to the socket', (tool) => {
    const told = agent.eval(
      `sock=${haproxy.socket} teller=${tool}; ask_haproxy 'show cli level'; printf '%s' "$said"; trap - EXIT`,
    );
    expect(told.stdout.trim()).toBe('admin');
  });
});

test('a socket that may not change anything is refused before anything is tried', async () => {
  const backend = await startBackend();
  const haproxy = await startHaproxy({ s: backend.port }, 'operator');
  const agent = localAgent(['dash']);
  onTestFinished(async () => {
    agent.end();
    await haproxy.end();
    backend.end();
  });
  mkdirSync(join(agent.root, dirname(haproxy.socket)), { recursive: true });
  symlinkSync(haproxy.socket, join(agent.root, haproxy.socket));
  const target: DrainTarget = { kind: 'haproxy', socket: haproxy.socket, backend: 'edge', server: 's' };
  const reply = agent.call(drainRequest({ opId: opId(), service: 'edge', target, action: 'check' }));
  expect(reply).toMatchObject({ message: expect.stringContaining('must be of level admin') });
});

const isRoot = process.getuid?.() === 0;

test.runIf(isRoot)('under the deploy policy only the backends that it names can be drained', async () => {
  const backend = await startBackend();
  const haproxy = await startHaproxy({ s: backend.port });
  const agent = localAgent(['dash']);
  onTestFinished(async () => {
    agent.end();
    await haproxy.end();
    backend.end();
  });
  mkdirSync(join(agent.root, dirname(haproxy.socket)), { recursive: true });
  symlinkSync(haproxy.socket, join(agent.root, haproxy.socket));
  mkdirSync(join(agent.root, 'etc/pdeploy'));
  const target: DrainTarget = { kind: 'haproxy', socket: haproxy.socket, backend: 'edge', server: 's' };
  const check = (...lines: string[]) => {
    writeFileSync(
      join(agent.root, 'etc/pdeploy/policy'),
      ['policy deploy', 'service edge', ...lines, ''].join('\n'),
    );
    return agent.call(drainRequest({ opId: opId(), service: 'edge', target, action: 'check' }));
  };
  expect(check()).toMatchObject({ code: 'refused-by-policy' });
  expect(check(`balancer other ${haproxy.socket} edge`)).toMatchObject({ code: 'refused-by-policy' });
  expect(check(`balancer edge ${haproxy.socket} edg`)).toMatchObject({ code: 'refused-by-policy' });
  expect(check(`balancer edge ${haproxy.socket}.2 edge`)).toMatchObject({ code: 'refused-by-policy' });
  expect(check(`balancer edge ${haproxy.socket} edge`)).toMatchObject({ kind: 'ok' });
});

describe.runIf(isRoot)('a file', () => {
  test('is made as the service and removed again', () => {
    const agent = localAgent(['dash']);
    const release = join(agent.root, 'opt/pdeploy/edge/1/current');
    mkdirSync(release, { recursive: true });
    writeFileSync(join(release, 'unit'), '[Service]\nUser=root\n');
    mkdirSync(join(agent.root, 'run/edge'), { recursive: true });
    const target: DrainTarget = { kind: 'file', instance: '1', path: '/run/edge/1.drain' };
    const file = join(agent.root, 'run/edge/1.drain');
    const ask = (action: 'check' | 'ready') =>
      agent.call(drainRequest({ opId: opId(), service: 'edge', target, action }));
    expect(ask('check').kind).toBe('ok');
    const input = {
      opId: opId(),
      service: 'edge',
      target,
      action: 'out',
      deployment: 'd',
      epoch: 1,
      guardSeconds: 9,
    } as const;
    expect(agent.call(drainRequest(input))).toMatchObject({ kind: 'ok' });
    expect(existsSync(file)).toBe(true);
    expect(decodeNotes(agent.call(drainNotesRequest('s', 'edge')).lines)).toEqual([
      { deployment: 'd', target },
    ]);
    expect(ask('ready').kind).toBe('ok');
    expect(existsSync(file)).toBe(false);
    const gone: DrainTarget = { ...target, path: '/run/none/1.drain' };
    expect(agent.call(drainRequest({ ...input, opId: opId(), target: gone, action: 'check' }))).toMatchObject(
      {
        message: 'root cannot write to /run/none',
      },
    );
    agent.end();
  });

  test('is no way for the service to have root make one elsewhere', () => {
    const agent = localAgent(['dash']);
    const release = join(agent.root, 'opt/pdeploy/edge/1/current');
    mkdirSync(release, { recursive: true });
    writeFileSync(join(release, 'unit'), '[Service]\nUser=daemon\n');
    mkdirSync(join(agent.root, 'run/edge'), { recursive: true });
    chownSync(join(agent.root, 'run/edge'), 1, 1);
    chmodSync(agent.root, 0o755);
    symlinkSync('/etc/pdeploy-test-must-not-exist', join(agent.root, 'run/edge/1.drain'));
    const target: DrainTarget = { kind: 'file', instance: '1', path: '/run/edge/1.drain' };
    const reply = agent.call(
      drainRequest({
        opId: opId(),
        service: 'edge',
        target,
        action: 'out',
        deployment: 'd',
        epoch: 1,
        guardSeconds: 9,
      }),
    );
    expect(reply).toMatchObject({ message: 'daemon cannot make /run/edge/1.drain' });
    expect(existsSync('/etc/pdeploy-test-must-not-exist')).toBe(false);
    agent.end();
  });
});
