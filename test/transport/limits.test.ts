import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostOf, testHost } from './support/hosts.ts';
import { startProxy } from './support/proxy.ts';
import { freePort, type Sshd, startSshd } from './support/sshd.ts';
import { connectFailure, echoes, testTransport, withSession } from './support/transport.ts';

let small: Sshd;

beforeAll(async () => {
  small = await startSshd({ settings: ['MaxSessions 3', 'MaxStartups 2:100:2', 'LoginGraceTime 20'] });
});

afterAll(() => small.stop());

/** Takes a place among the logins of an sshd. */
async function loiter(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' });
    const greeting = await new Promise((resolve) => socket.once('data', resolve));
    if (String(greeting).startsWith('SSH-')) return socket;
    // The logins of the test before still count.
    socket.destroy();
    await new Promise((r) => setTimeout(r, 20));
  }
}

describe('a host that allows little', () => {
  it('runs more commands than it allows sessions, in turns', async () => {
    await withSession(
      hostOf(small),
      async (session) => {
        const runs = Array.from({ length: 6 }, (_, i) =>
          session.run('agent', { stdin: Buffer.from(String(i)), deadlineMs: 20_000 }),
        );
        const results = await Promise.all(runs);
        expect(results.map((r) => (r.kind === 'exited' ? r.stdout : r))).toEqual(
          runs.map((_, i) => String(i)),
        );
      },
      { commandLine: () => 'sleep 0.8; exec cat' },
    );
  });

  it('is knocked at again while it has too many logins', async () => {
    const places = await Promise.all([loiter(small.port), loiter(small.port)]);
    setTimeout(() => places[0]?.destroy(), 150);
    try {
      expect(await echoes(hostOf(small), { retry: { retries: 8, leastMs: 50, mostMs: 400 } })).toBe(true);
      expect(small.log()).toMatch(/MaxStartups|past Maxstartups/i);
    } finally {
      for (const place of places) place.destroy();
    }
  });

  it('is given up after the retries, with the reason', async () => {
    const places = await Promise.all([loiter(small.port), loiter(small.port)]);
    const proxy = await startProxy(small.port);
    try {
      const retry = { retries: 2, leastMs: 5, mostMs: 10 };
      const error = await connectFailure(hostOf(small, { port: proxy.port, hostKeys: ['SHA256:x'] }), {
        retry,
      });
      expect(error).toMatchObject({
        failure: 'reset-before-auth',
        hint: expect.stringContaining('MaxStartups'),
      });
      expect(proxy.accepted).toBe(3);
    } finally {
      for (const place of places) place.destroy();
      await proxy.close();
    }
  });
});

describe('connecting to one address', () => {
  it('is never done more than 5 at a time', async () => {
    let open = 0;
    let most = 0;
    const { createServer } = await import('node:net');
    const server = createServer((socket) => {
      open += 1;
      most = Math.max(most, open);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open -= 1;
      });
      setTimeout(() => socket.destroy(), 60);
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const transport = testTransport({ retry: { retries: 0, leastMs: 1, mostMs: 1 } });
    try {
      const host = hostOf(small, { port, hostKeys: ['SHA256:x'] });
      const tries = Array.from({ length: 23 }, () => transport.connect(host, {}).catch((e: Error) => e));
      for (const result of await Promise.all(tries))
        expect(result).toMatchObject({ failure: 'reset-before-auth' });
      expect(most).toBe(5);
    } finally {
      await transport.close();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('tells a name without an address, and a port without a listener', async () => {
    const noName = await connectFailure(hostOf(small, { address: 'no-such-host.invalid' }));
    expect(noName).toMatchObject({ failure: 'dns', code: 'PD3101' });
    const noPort = await connectFailure(hostOf(small, { port: await freePort() }));
    expect(noPort).toMatchObject({
      failure: 'refused',
      message: expect.stringContaining('connection refused'),
    });
  });

  it('refuses names that ssh could take for an option', async () => {
    const address = await connectFailure(hostOf(small, { address: '-oProxyCommand=touch /tmp/x' }));
    expect(address).toMatchObject({
      failure: 'protocol',
      message: expect.stringContaining('cannot be an address'),
    });
    const user = await connectFailure(testHost({ user: '-l root' }));
    expect(user).toMatchObject({
      failure: 'protocol',
      message: expect.stringContaining('cannot be a user name'),
    });
  });

  it('can be stopped while it waits', async () => {
    const proxy = await startProxy(small.port);
    const places = await Promise.all([loiter(small.port), loiter(small.port)]);
    const transport = testTransport({ retry: { retries: 5, leastMs: 5_000, mostMs: 5_000 } });
    const abort = new AbortController();
    try {
      const connecting = transport.connect(hostOf(small, { hostKeys: ['SHA256:x'] }), {
        signal: abort.signal,
      });
      setTimeout(() => abort.abort(), 100);
      await expect(connecting).rejects.toMatchObject({ failure: 'aborted' });
    } finally {
      for (const place of places) place.destroy();
      await transport.close();
      await proxy.close();
    }
  });
});
