import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type ExpectStatic, it } from 'vitest';
import { ConnectError } from '../../../src/errors.ts';
import type { RunResult } from '../../../src/transport/port.ts';
import { type Hostile, sshServer } from '../support/hostile-server.ts';
import { bench, type Keys, SETTINGS, type Subject } from './bench.ts';

const ENDS = ['fin', 'rst', 'silence'] as const;
type End = (typeof ENDS)[number];

const POINTS = 16;
const AT_ONCE = 8;
/** Who falls silent is waited for. */
const LIMITS_MS: { readonly [end in End]: number } = { fin: 8_000, rst: 8_000, silence: 2_500 };
const OUT = 'all of it';

/** A whole conversation is cut after each sixteenth of what the host says in it. */
export function everyState(subject: Subject, keys: () => Keys): void {
  it.concurrent.for(ENDS)('by %s', async (end, { expect }) => {
    const server = await sshServer(keys().host, {
      exec: (channel) => {
        channel.write(OUT);
        channel.exit(0);
        channel.end();
      },
    });
    try {
      const whole = await relay(server.port, Number.POSITIVE_INFINITY, end);
      expect(await outcome(subject, keys(), whole, LIMITS_MS.fin, expect)).toMatchObject({
        kind: 'exited',
        stdout: OUT,
      });
      const cutAfter = async (bytes: number): Promise<string> => {
        const settled = await outcome(
          subject,
          keys(),
          await relay(server.port, bytes, end),
          LIMITS_MS[end],
          expect,
        );
        if (settled instanceof ConnectError) return 'no connection';
        if (settled.kind === 'exited') expect(settled).toMatchObject({ code: 0, stdout: OUT });
        return settled.kind;
      };
      const points = Array.from({ length: POINTS }, (_, n) => Math.floor((whole.said() * n) / POINTS));
      const outcomes = new Set<string>();
      for (let at = 0; at < POINTS; at += AT_ONCE)
        for (const kind of await Promise.all(points.slice(at, at + AT_ONCE).map(cutAfter)))
          outcomes.add(kind);
      expect(outcomes).toContain('no connection');
      expect(outcomes).toContain('unknown');
    } finally {
      await server.stop();
    }
  });
}

/** A connection and one command; stops the relay. */
async function outcome(
  subject: Subject,
  keys: Keys,
  server: Hostile,
  limitMs: number,
  expect: ExpectStatic,
): Promise<RunResult | ConnectError> {
  const transport = subject.make(SETTINGS);
  const started = performance.now();
  try {
    const host = bench(subject, keys, expect).hostAt(server);
    const session = await transport.connect(host, { timeoutMs: limitMs });
    return await session.run('agent', { stdin: Buffer.from('x'), deadlineMs: limitMs });
  } catch (error) {
    if (error instanceof ConnectError) return error;
    throw error;
  } finally {
    await transport.close();
    expect(performance.now() - started).toBeLessThan(2 * limitMs + 4_000);
    await server.stop();
  }
}

/** Hands on that many bytes of what the server says, then ends. */
async function relay(
  target: number,
  bytes: number,
  end: End,
): Promise<Hostile & { readonly said: () => number }> {
  const sockets = new Set<Socket>();
  let said = 0;
  const server = createServer((near) => {
    const far = connect({ port: target, host: '127.0.0.1' });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.pipe(far);
    if (bytes === 0) stop(near, far, end);
    far.on('data', (chunk: Buffer) => {
      const room = bytes - said;
      said += chunk.length;
      if (room <= 0) return;
      near.write(chunk.subarray(0, room), () => {
        if (chunk.length >= room) stop(near, far, end);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    said: () => said,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function stop(near: Socket, far: Socket, end: End): void {
  near.unpipe(far);
  switch (end) {
    case 'fin':
      near.end();
      near.resume();
      break;
    case 'rst':
      near.resetAndDestroy();
      break;
    case 'silence':
      near.pause();
  }
}
