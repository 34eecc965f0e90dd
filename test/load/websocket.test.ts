import { connect, createServer as createProxy, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { CLOSE, frame, frameReader, PING, TEXT } from './frames.ts';
import { pause, type Seen } from './seen.ts';
import { newUpstream } from './upstream.ts';
import { acceptOf, Cut, openWebSocket } from './websocket.ts';
import { startWebSockets, type WebSocketsOptions } from './websocket-load.ts';

const open: { close: () => unknown }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

function listening(server: Server): Promise<string> {
  open.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const at = server.address();
      resolve(at !== null && typeof at === 'object' ? `127.0.0.1:${at.port}` : '');
    });
  });
}

/** A service that says who it is and cuts what it carries when it is told to. */
async function service(upstream: string) {
  const who = { release: 'one', pid: 1 };
  const carried = new Set<Socket>();
  const address = await listening(
    createProxy((client) => {
      const [host, port] = upstream.split(':');
      const server = connect(Number(port), host);
      const names = `x-release: ${who.release}\r\nx-pid: ${who.pid}\r\n`;
      server.once('data', (head: Buffer) => {
        client.write(head.toString('latin1').replace('\r\n', `\r\n${names}`), 'latin1');
        server.pipe(client);
      });
      client.pipe(server);
      for (const socket of [client, server]) socket.on('error', () => undefined);
      carried.add(client);
      client.on('close', () => {
        carried.delete(client);
        server.destroy();
      });
    }),
  );
  const cut = (): void => {
    for (const client of carried) client.destroy();
    carried.clear();
  };
  return { address, who, cut, carried };
}

test('frames are those of RFC 6455', () => {
  const seen: unknown[] = [];
  const read = frameReader(({ opcode, payload }) => seen.push([opcode, payload.toString()]));
  // Section 5.7: a masked and an unmasked "Hello".
  const masked = Buffer.from('818537fa213d7f9f4d5158', 'hex');
  const long = 'x'.repeat(300);
  const bytes = Buffer.concat([
    masked,
    frame(PING, Buffer.from(long), true),
    frame(CLOSE, Buffer.from(''), false),
  ]);
  for (const byte of bytes) read(Buffer.from([byte]));
  expect(seen).toEqual([
    [TEXT, 'Hello'],
    [PING, long],
    [CLOSE, ''],
  ]);
  expect(frame(TEXT, Buffer.from('Hello'), false)).toEqual(Buffer.from('810548656c6c6f', 'hex'));
  // Section 1.3.
  expect(acceptOf('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  expect(() => read(Buffer.from('0105', 'hex'))).toThrow('fragmented');
});

test('messages come back, and a session is closed as it should be', async () => {
  const address = await listening(newUpstream());
  const channel = await openWebSocket(`ws://${address}/`);
  await channel.ask(TEXT, 'hello');
  await channel.ask(PING, 'are you there');
  await channel.close();
  await expect(channel.ask(TEXT, 'too late')).rejects.toThrow(Cut);
  await expect(openWebSocket('ws://127.0.0.1:1/')).rejects.toThrow('ECONNREFUSED');
});

type Happening = (running: Awaited<ReturnType<typeof service>>) => void;

/** What a load sees of a service to which this happens. */
async function seenWhile(happens: Happening, options: Partial<WebSocketsOptions> = {}): Promise<Seen> {
  const running = await service(await listening(newUpstream()));
  const load = startWebSockets(`ws://${running.address}/`, {
    ...{ client: 'WebSockets', sessions: 2, everyMs: 5, graceMs: 20, proof: 'first release' },
    ...options,
  });
  const both = () => expect.poll(() => running.carried.size, { timeout: 20_000, interval: 5 }).toBe(2);
  await both();
  await pause(100);
  happens(running);
  await both();
  await pause(100);
  return load.end();
}

/** Without the reasons, which are closed or reset. */
function kinds({ failed }: Seen): object {
  return Object.fromEntries(Object.entries(failed).map(([kind, n]) => [kind.split(':')[0], n]));
}

test('what is cut is told apart only where it could not be saved', async () => {
  const calm = await seenWhile(() => undefined, { lifeMs: 40 });
  expect(calm).toMatchObject({ failed: {}, apart: {}, p99Ms: expect.any(Number) });

  const replaced = await seenWhile(({ who, cut }) => {
    Object.assign(who, { release: 'two', pid: 2 });
    cut();
  });
  expect(replaced).toMatchObject({ failed: {}, apart: { 'sessions ended with their process': 2 } });

  const same = await seenWhile(({ cut }) => cut(), { proof: 'next process' });
  expect(kinds(same)).toEqual({ 'cut by a process that stays': 2 });

  const early = await seenWhile(({ cut }) => cut(), { graceMs: 60_000 });
  expect(kinds(early)).toEqual({ 'cut within the grace': 2 });
});
