import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection, Hop, Host } from '../../src/model/host.ts';
import { hostOf } from './support/hosts.ts';
import { startProxy } from './support/proxy.ts';
import { freePort, type Sshd, startSshd } from './support/sshd.ts';
import { connectFailure, echoes, offeredKey, testTransport } from './support/transport.ts';

let bastion: Sshd;
let inner: Sshd;

beforeAll(async () => {
  [bastion, inner] = await Promise.all([startSshd({ debug: true }), startSshd()]);
});

afterAll(async () => {
  await Promise.all([bastion.stop(), inner.stop()]);
});

function hop(sshd: Sshd, more: Partial<Connection> = {}): Hop {
  const { jump: _, transport: __, ...connection } = hostOf(sshd, more).connection;
  return { ...connection, name: 'bastion-01' };
}

function behind(
  more: Partial<Connection> = {},
  through: readonly Hop[] = [hop(bastion)],
  name?: string,
): Host {
  return hostOf(inner, { jump: through, ...more }, name);
}

const forwards = (): number => bastion.log().split('direct-tcpip').length;

describe('a jump host', () => {
  it('carries connections, each end with its own keys', async () => {
    const before = forwards();
    expect(await echoes(behind())).toBe(true);
    expect(forwards()).toBeGreaterThan(before);
  });

  it('can be behind another', async () => {
    const second = { ...hop(inner), name: 'bastion-02' };
    expect(await echoes(behind({}, [hop(bastion), second]))).toBe(true);
  });

  it('is connected to once for many hosts', async () => {
    const transport = testTransport();
    const logins = (): number => bastion.log().split('Accepted publickey').length;
    const before = logins();
    try {
      const hosts = [1, 2, 3, 4].map((n) => behind({}, [hop(bastion)], `edge-0${n}`));
      const sessions = await Promise.all(hosts.map((host) => transport.connect(host, {})));
      expect(sessions.map((s) => s.host)).toEqual(hosts.map((h) => h.name));
      expect(logins() - before).toBe(1);
      await sessions[0]?.close();
      const next = await sessions[1]?.run('agent', { stdin: Buffer.from('x'), deadlineMs: 5_000 });
      expect(next).toMatchObject({ kind: 'exited', stdout: 'x' });
    } finally {
      await transport.close();
    }
  });

  it('is verified like any host, and the host behind it too', async () => {
    const nothing = join(bastion.dir, 'empty');
    await writeFile(nothing, '');
    const unknownHop = await connectFailure(behind({}, [hop(bastion, { knownHosts: [nothing] })]));
    expect(unknownHop).toMatchObject({ failure: 'hostkey-unknown', host: 'edge-01' });
    expect(unknownHop.message).toContain('jump host bastion-01');
    expect(unknownHop.hint).toContain('pdeploy hosts trust -l bastion-01');
    const unknownHost = await connectFailure(behind({ knownHosts: [nothing] }));
    expect(unknownHost).toMatchObject({ failure: 'hostkey-unknown' });
    expect(unknownHost.hint).toContain('pdeploy hosts trust -l edge-01');
  });

  it('lets the key of the host behind it be fetched', async () => {
    const nothing = join(bastion.dir, 'nothing');
    const key = await offeredKey(behind({ knownHosts: [nothing] }));
    expect(key).toMatchObject({ fingerprint: inner.hostKeys.get('ed25519')?.fingerprint, known: false });
  });

  it('that cannot reach the host says so', async () => {
    const error = await connectFailure(behind({ port: await freePort() }));
    expect(error).toMatchObject({
      failure: 'refused',
      message: expect.stringContaining('jump host cannot reach it'),
    });
  });

  it('that refuses the login is told apart from the host', async () => {
    const error = await connectFailure(behind({}, [hop(bastion, { identities: [inner.login.file] })]));
    expect(error).toMatchObject({
      failure: 'auth',
      message: expect.stringContaining('jump host bastion-01'),
    });
  });

  it.each(['rst', 'fin', 'blackhole'] as const)(
    'takes its sessions with it when it goes by %s',
    async (cut) => {
      const proxy = await startProxy(bastion.port);
      const transport = testTransport({
        keepalive: { intervalMs: 200, countMax: 3 },
        commandLine: () => 'exec sleep 20',
      });
      try {
        const pins = [bastion.hostKeys.get('ed25519')?.fingerprint ?? ''];
        const through = [hop(bastion, { port: proxy.port, hostKeys: pins })];
        const session = await transport.connect(behind({}, through), {});
        const running = session.run('agent', { stdin: Buffer.alloc(0), deadlineMs: 20_000 });
        await new Promise((r) => setTimeout(r, 200));
        const at = performance.now();
        proxy.cut(cut);
        expect((await running).kind).toBe('unknown');
        await session.dead;
        expect(performance.now() - at).toBeLessThan(4_000);
        const again = await transport.connect(behind({}, through), {});
        expect(again.host).toBe('edge-01');
      } finally {
        await transport.close();
        await proxy.close();
      }
    },
  );

  it('that stays does not keep a session to a host that fell silent', async () => {
    const proxy = await startProxy(inner.port);
    const transport = testTransport({
      keepalive: { intervalMs: 200, countMax: 3 },
      commandLine: () => 'exec cat >/dev/null',
    });
    try {
      const pins = [inner.hostKeys.get('ed25519')?.fingerprint ?? ''];
      const session = await transport.connect(behind({ port: proxy.port, hostKeys: pins }), {});
      const stdin = Readable.from(endless(), { objectMode: false });
      const running = session.run('agent', { stdin, deadlineMs: 20_000, maxOut: 1 << 30 });
      await new Promise((r) => setTimeout(r, 100));
      const at = performance.now();
      proxy.cut('blackhole');
      expect((await running).kind).toBe('unknown');
      await expect(session.dead).resolves.toMatchObject({ why: expect.stringContaining('silent') });
      expect(performance.now() - at).toBeLessThan(4_000);
    } finally {
      await transport.close();
      await proxy.close();
    }
  });
});

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(1 << 16);
}
