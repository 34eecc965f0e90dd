import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectError, ConnectFailure } from '../../src/errors.ts';
import type { RunResult, Session } from '../../src/transport/port.ts';
import { type Hostile, rawServer, sshServer } from './support/hostile-server.ts';
import { testHost } from './support/hosts.ts';
import { makeKey, type TestKey } from './support/keys.ts';
import { removeDir, tempDir } from './support/temp-dir.ts';
import { connectFailure, testTransport } from './support/transport.ts';

const TIMEOUT_MS = 700;
const NO_RETRY = { retries: 0, leastMs: 1, mostMs: 1 };
const MOST_GROWTH = 64 << 20;
const IDENT = 'SSH-2.0-OpenSSH_9.2p1\r\n';
const CONTROLS = /[\p{Cc}\p{Cf}]/u;
const ESCAPES = '\u001b]52;c;aGFjaw==\u0007\u001b[2J\r\n\u202Eevil\u0000';

let dir: string;
let hostKey: TestKey;
let login: TestKey;

beforeAll(async () => {
  dir = await tempDir();
  hostKey = await makeKey(dir, 'host');
  login = await makeKey(dir, 'login');
});

afterAll(() => removeDir(dir));

const hostAt = (server: Hostile, user = 'root') =>
  testHost({ port: server.port, user, identities: [login.file], hostKeys: [hostKey.fingerprint] });

/** The error a server provokes, within bounds of time and memory. */
async function failureAt(server: Hostile): Promise<ConnectError> {
  const rss = process.memoryUsage().rss;
  const started = performance.now();
  try {
    const error = await connectFailure(hostAt(server), {}, testTransport({ retry: NO_RETRY }), TIMEOUT_MS);
    expect(performance.now() - started).toBeLessThan(TIMEOUT_MS + 2_000);
    expect(process.memoryUsage().rss - rss).toBeLessThan(MOST_GROWTH);
    expect(error.message).not.toMatch(CONTROLS);
    expect(error.code).toBe('PD3101');
    return error;
  } finally {
    await server.stop();
  }
}

/** Writes for ever, as fast as it is taken. */
function pour(socket: Socket, chunk: Buffer | string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

function framed(length: number, rest: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  return Buffer.concat([head, rest]);
}

describe('what is no SSH server', () => {
  const cases: readonly (readonly [string, (socket: Socket) => void, readonly ConnectFailure[]])[] = [
    ['says nothing', () => undefined, ['timeout']],
    ['hangs up at once', (s) => s.end(), ['reset-before-auth']],
    ['resets at once', (s) => s.resetAndDestroy(), ['reset-before-auth']],
    ['hangs up in the middle of its name', (s) => s.end('SSH-2.'), ['reset-before-auth', 'protocol']],
    ['hangs up after its name', (s) => s.end(IDENT), ['reset-before-auth']],
    ['says its name one letter at a time', (s) => drip(s, IDENT.repeat(100)), ['timeout', 'protocol']],
    [
      'speaks HTTP',
      (s) => s.end(`HTTP/1.1 400 Bad Request\r\n\r\n${ESCAPES}`),
      ['reset-before-auth', 'protocol'],
    ],
    ['greets for ever', (s) => pour(s, `${'hello '.repeat(20)}\r\n`.repeat(100)), ['protocol', 'timeout']],
    ['never ends its line', (s) => pour(s, 'x'.repeat(65_536)), ['protocol', 'timeout']],
    ['speaks SSH 1', (s) => s.write('SSH-1.5-old\r\n'), ['protocol']],
    ['has escapes in its name', (s) => s.end(`SSH-2.0-${ESCAPES}\r\n`), ['protocol', 'reset-before-auth']],
    [
      'sends noise after its name',
      (s) => s.write(Buffer.concat([Buffer.from(IDENT), randomBytes(4_096)])),
      ['protocol', 'timeout', 'reset-before-auth'],
    ],
    [
      'announces a huge packet',
      (s) => s.write(Buffer.concat([Buffer.from(IDENT), framed(0x7fffffff, randomBytes(64))])),
      ['protocol'],
    ],
    [
      'announces an empty packet',
      (s) => s.write(Buffer.concat([Buffer.from(IDENT), framed(0, randomBytes(64))])),
      ['protocol', 'timeout'],
    ],
    [
      'sends a broken key exchange',
      (s) =>
        s.write(
          Buffer.concat([
            Buffer.from(IDENT),
            framed(28, Buffer.concat([Buffer.from([4, 20]), randomBytes(26)])),
          ]),
        ),
      ['protocol'],
    ],
    [
      'pours noise',
      (s) => {
        s.write(IDENT);
        pour(s, randomBytes(65_536));
      },
      ['protocol', 'timeout'],
    ],
  ];

  it.each(cases)('and %s is told apart, in time', async (_, behave, failures) => {
    const error = await failureAt(await rawServer(behave));
    expect(failures).toContain(error.failure);
  });

  it('and locks us out is left alone', async () => {
    let knocks = 0;
    const server = await rawServer((socket) => {
      knocks += 1;
      socket.end('Not allowed at this time\r\n');
    });
    const error = await connectFailure(hostAt(server), {}, testTransport(), TIMEOUT_MS);
    await server.stop();
    expect(error).toMatchObject({
      failure: 'refused',
      message: expect.stringContaining('locked this address out'),
    });
    expect(knocks).toBe(1);
  });
});

describe('an SSH server', () => {
  it('with a key of its own choice never sees a login', async () => {
    let logins = 0;
    const stranger = await makeKey(dir, 'stranger');
    const server = await sshServer(stranger, {
      login: () => {
        logins += 1;
      },
    });
    expect((await failureAt(server)).failure).toBe('hostkey-changed');
    expect(logins).toBe(0);
  });

  it('that cannot prove its key never sees a login', async () => {
    let logins = 0;
    const forged = ssh2.utils.parseKey(readFileSync(hostKey.file));
    if (forged instanceof Error) throw forged;
    forged.sign = () => randomBytes(64);
    const server = await sshServer(hostKey, {
      login: () => {
        logins += 1;
      },
      config: { hostKeys: [{ key: forged } as never] },
    });
    const error = await failureAt(server);
    expect(error).toMatchObject({ failure: 'protocol', message: expect.stringContaining('signature') });
    expect(logins).toBe(0);
  });

  it('that offers only what is unsafe is refused', async () => {
    const algorithms = { cipher: ['aes128-cbc' as const], hmac: ['hmac-sha1' as const] };
    const error = await failureAt(await sshServer(hostKey, { config: { algorithms } }));
    expect(error).toMatchObject({ failure: 'protocol', message: expect.stringContaining('no matching') });
  });

  it('that never answers the login is given up', async () => {
    expect(await failureAt(await sshServer(hostKey, { login: () => undefined }))).toMatchObject({
      failure: 'timeout',
    });
  });

  it('that hangs up at the login is not knocked at again', async () => {
    let connections = 0;
    const server = await sshServer(hostKey, {
      connection: () => {
        connections += 1;
      },
      login: (client) => client.end(),
    });
    const error = await connectFailure(hostAt(server), {}, testTransport(), TIMEOUT_MS);
    await server.stop();
    expect(error.failure).toBe('auth');
    expect(connections).toBe(1);
  });

  it('that takes passwords only is told', async () => {
    const server = await sshServer(hostKey, { login: (_, context) => context.reject(['password']) });
    expect(await failureAt(server)).toMatchObject({
      failure: 'auth',
      message: expect.stringContaining('the host takes: password'),
    });
  });

  it('that floods banners and hides escapes in them does no harm', async () => {
    const config = { banner: ESCAPES.repeat(200) };
    const server = await sshServer(hostKey, { config, login: (_, context) => context.reject(['publickey']) });
    expect((await failureAt(server)).failure).toBe('auth');
  });

  /** The inside of ssh2, for what a well-behaved server would not do. */
  type Client = { readonly _protocol: { disconnect(reason: number): void; ping(): void } };
  it('that disconnects with a reason is quoted without its control characters', async () => {
    const server = await sshServer(hostKey, {
      login: (client) => {
        const { _protocol } = client as unknown as Client;
        _protocol.disconnect(2);
      },
    });
    expect((await failureAt(server)).failure).toBe('auth');
  });

  /** One command against a server; the session may not outlive a deadline by much. */
  const commandAt = async (server: Hostile, deadlineMs = 600, maxOut = 10_000): Promise<RunResult> => {
    const transport = testTransport({ keepalive: { intervalMs: 300, countMax: 3 } });
    const rss = process.memoryUsage().rss;
    try {
      const session: Session = await transport.connect(hostAt(server), { timeoutMs: 3_000 });
      const started = performance.now();
      const result = await session.run('agent', { stdin: Buffer.alloc(8 << 20), deadlineMs, maxOut });
      expect(performance.now() - started).toBeLessThan(deadlineMs + 1_500);
      expect(process.memoryUsage().rss - rss).toBeLessThan(MOST_GROWTH);
      return result;
    } finally {
      await transport.close();
      await server.stop();
    }
  };

  it('that never opens a channel is not waited for', async () => {
    expect((await commandAt(await sshServer(hostKey, { session: () => undefined }))).kind).toBe('unknown');
  });

  it('that refuses channels has started nothing', async () => {
    const server = await sshServer(hostKey, { session: (_, reject) => reject() });
    expect((await commandAt(server, 2_000)).kind).toBe('never-started');
  });

  it('that never answers the command is not waited for', async () => {
    expect((await commandAt(await sshServer(hostKey, { request: () => undefined }))).kind).toBe('unknown');
  });

  it('that refuses the command leaves it unknown, for ssh2 cannot tell', async () => {
    const server = await sshServer(hostKey, { request: (_, reject) => reject() });
    expect(await commandAt(server)).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('did not take'),
    });
  });

  it('that never ends the command, and takes nothing in, is not waited for', async () => {
    expect((await commandAt(await sshServer(hostKey, { exec: () => undefined }))).kind).toBe('unknown');
  });

  it('that closes the channel without a status leaves it unknown', async () => {
    const server = await sshServer(hostKey, { exec: (channel) => channel.close() });
    expect(await commandAt(server)).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('no exit status'),
    });
  });

  it('that tells the status but never closes is believed after a while', async () => {
    const server = await sshServer(hostKey, {
      exec: (channel) => {
        channel.write('out');
        channel.exit(3);
      },
    });
    expect(await commandAt(server, 5_000)).toMatchObject({ kind: 'exited', code: 3, stdout: 'out' });
  });

  it('that tells the status and hangs up leaves it unknown, for output may be missing', async () => {
    const server = await sshServer(hostKey, {
      exec: (channel) => {
        channel.exit(0);
        const { _client } = channel as unknown as { readonly _client: { end(): void } };
        _client.end();
      },
    });
    expect((await commandAt(server, 5_000)).kind).toBe('unknown');
  });

  it('never has more than 8 channels of a session open', async () => {
    let open = 0;
    let most = 0;
    const server = await sshServer(hostKey, {
      exec: (channel) => {
        open += 1;
        most = Math.max(most, open);
        setTimeout(() => {
          open -= 1;
          channel.exit(0);
          channel.close();
        }, 20);
      },
    });
    const transport = testTransport();
    try {
      const session = await transport.connect(hostAt(server), {});
      const run = () => session.run('agent', { stdin: Buffer.alloc(0), deadlineMs: 5_000 });
      for (const result of await Promise.all(Array.from({ length: 30 }, run)))
        expect(result.kind).toBe('exited');
      expect(most).toBe(8);
    } finally {
      await transport.close();
      await server.stop();
    }
  });

  it('that hangs up during the command leaves it unknown', async () => {
    const server = await sshServer(hostKey, {
      connection: (client) => void setTimeout(() => client.end(), 300),
    });
    expect((await commandAt(server, 5_000)).kind).toMatch(/unknown|never-started/);
  });

  it.each(['stdout', 'stderr'] as const)('that pours out %s is cut off', async (which) => {
    const server = await sshServer(hostKey, {
      exec: (channel) => {
        const chunk = Buffer.alloc(65_536, 120);
        const sink = which === 'stdout' ? channel : channel.stderr;
        const more = (): void => {
          while (!channel.destroyed && channel.writable && sink.write(chunk));
        };
        sink.on('drain', more);
        more();
      },
    });
    expect(await commandAt(server, 5_000)).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('more than'),
    });
  });

  it('that pings without end does no harm', async () => {
    const server = await sshServer(hostKey, {
      exec: (channel) => {
        const { _client } = channel as unknown as { readonly _client: Client };
        for (let n = 0; n < 5_000; n += 1) _client._protocol.ping();
        channel.exit(0);
        channel.end();
        channel.close();
      },
    });
    expect(await commandAt(server, 10_000)).toMatchObject({ kind: 'exited', code: 0 });
  });

  it.each([
    ['root', false],
    ['deploy', true],
  ] as const)('is asked for sudo by %s: %s', async (user, wanted) => {
    const commands: string[] = [];
    const server = await sshServer(hostKey, {
      exec: (channel, command) => {
        commands.push(command);
        channel.exit(0);
        channel.close();
      },
    });
    const transport = testTransport({ commandLine: (command, sudo) => `${sudo ? 'sudo ' : ''}${command}` });
    try {
      const session = await transport.connect(hostAt(server, user), {});
      await session.run('agent', { stdin: Buffer.alloc(0), deadlineMs: 2_000 });
      expect(commands).toEqual([wanted ? 'sudo agent' : 'agent']);
    } finally {
      await transport.close();
      await server.stop();
    }
  });
});

function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    socket.write(text[at] ?? 'x');
    at += 1;
  }, 20);
  socket.on('close', () => clearInterval(timer));
}
