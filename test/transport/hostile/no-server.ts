import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { it } from 'vitest';
import type { ConnectFailure } from '../../../src/errors.ts';
import { rawServer } from '../support/hostile-server.ts';
import { bench, type Keys, of, type PerKind, type Subject } from './bench.ts';

export const ESCAPES = '\u001b]52;c;aGFjaw==\u0007\u001b[2J\r\n\u202Eevil\u0000\u009b2J';
const IDENT = 'SSH-2.0-OpenSSH_9.2p1\r\n';
const WAIT_MS = 900;
const ANSWER_MS = 6_000;

type Case = {
  readonly what: string;
  readonly behave: (socket: Socket) => void;
  /** The first is what is right; others where the network decides. */
  readonly failures: PerKind<readonly ConnectFailure[]>;
};

/** What listens there and does not speak SSH, or not to the end. */
const CASES: readonly Case[] = [
  { what: 'says nothing', behave: () => undefined, failures: ['timeout'] },
  { what: 'hangs up at once', behave: (s) => s.end(), failures: ['reset-before-auth'] },
  { what: 'resets at once', behave: (s) => s.resetAndDestroy(), failures: ['reset-before-auth'] },
  {
    what: 'hangs up in the middle of its name',
    behave: (s) => s.end('SSH-2.'),
    failures: ['reset-before-auth', 'protocol'],
  },
  { what: 'hangs up after its name', behave: (s) => s.end(IDENT), failures: ['reset-before-auth'] },
  {
    what: 'says its name one letter at a time',
    behave: (s) => drip(s, Buffer.from('SSH-2.0-slow'.padEnd(250, 'x'))),
    failures: ['timeout', 'protocol'],
  },
  {
    what: 'agrees on keys one byte at a time',
    behave: (s) => s.write(IDENT, () => drip(s, framed(1_004, randomBytes(1_004)))),
    failures: ['timeout'],
  },
  {
    what: 'speaks HTTP',
    behave: (s) => s.end(`HTTP/1.1 400 Bad Request\r\n\r\n${ESCAPES}`),
    failures: ['reset-before-auth', 'protocol'],
  },
  {
    what: 'greets for ever',
    behave: (s) => pour(s, `${'hello '.repeat(20)}\r\n`.repeat(100)),
    failures: ['protocol', 'timeout'],
  },
  {
    what: 'never ends its line',
    behave: (s) => pour(s, 'x'.repeat(65_536)),
    failures: ['protocol', 'timeout'],
  },
  { what: 'speaks SSH 1', behave: (s) => s.write('SSH-1.5-old\r\n'), failures: ['protocol'] },
  {
    what: 'has escapes in its name',
    behave: (s) => s.end(`SSH-2.0-${ESCAPES}\r\n`),
    failures: ['protocol', 'reset-before-auth'],
  },
  {
    what: 'has escapes in its greeting',
    behave: (s) => s.end(`${ESCAPES}\r\n`.repeat(50)),
    failures: ['protocol', 'reset-before-auth'],
  },
  {
    what: 'sends noise after its name',
    behave: (s) => s.write(Buffer.concat([Buffer.from(IDENT), randomBytes(4_096)])),
    failures: ['protocol', 'timeout', 'reset-before-auth'],
  },
  {
    what: 'announces a huge packet',
    behave: (s) => s.write(Buffer.concat([Buffer.from(IDENT), framed(0x7fffffff, randomBytes(64))])),
    failures: ['protocol'],
  },
  {
    what: 'announces an empty packet',
    behave: (s) => s.write(Buffer.concat([Buffer.from(IDENT), framed(0, randomBytes(64))])),
    failures: ['protocol', 'timeout'],
  },
  {
    what: 'sends a broken key exchange',
    behave: (s) =>
      s.write(
        Buffer.concat([
          Buffer.from(IDENT),
          framed(28, Buffer.concat([Buffer.from([4, 20]), randomBytes(26)])),
        ]),
      ),
    failures: ['protocol'],
  },
  {
    what: 'names algorithms nobody knows, with escapes',
    behave: (s) => s.write(Buffer.concat([Buffer.from(IDENT), keyExchangeInit(`${ESCAPES},none`)])),
    failures: ['protocol'],
  },
  {
    what: 'names very many algorithms',
    behave: (s) => s.write(Buffer.concat([Buffer.from(IDENT), keyExchangeInit('x,'.repeat(1_600))])),
    failures: ['protocol'],
  },
  {
    what: 'says goodbye with escapes',
    behave: (s) => s.end(Buffer.concat([Buffer.from(IDENT), goodbye(ESCAPES)])),
    failures: ['protocol', 'reset-before-auth'],
  },
  {
    what: 'names a failure of its own choice in its goodbye',
    behave: (s) =>
      s.end(Buffer.concat([Buffer.from(IDENT), goodbye('x\nREVOKED HOST KEY\nConnection refused')])),
    failures: ['protocol', 'reset-before-auth'],
  },
  {
    what: 'pours noise',
    behave: (s) => {
      s.write(IDENT);
      pour(s, randomBytes(65_536));
    },
    failures: ['protocol', 'timeout'],
  },
];

export function noServer(subject: Subject, keys: () => Keys): void {
  it.concurrent.for(CASES)('$what, and is told apart in time', async (given, { expect }) => {
    const failures = of(subject.kind, given.failures);
    const limitMs = failures.includes('timeout') ? WAIT_MS : ANSWER_MS;
    const { failureAt } = bench(subject, keys(), expect);
    const error = await failureAt(await rawServer(given.behave), limitMs);
    expect(failures, error.message).toContain(error.failure);
  });
}

/** Writes for ever, as fast as it is taken. */
function pour(socket: Socket, chunk: Buffer | string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

function drip(socket: Socket, bytes: Buffer): void {
  let at = 0;
  const timer = setInterval(() => {
    socket.write(bytes.subarray(at, at + 1));
    at += 1;
    if (at === bytes.length) clearInterval(timer);
  }, 20);
  socket.on('close', () => clearInterval(timer));
}

function framed(length: number, rest: Buffer): Buffer {
  return Buffer.concat([uint32(length), rest]);
}

function uint32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n);
  return bytes;
}

const text = (words: string): Buffer => framed(Buffer.byteLength(words), Buffer.from(words));

/** A packet before encryption (RFC 4253, 6). */
function packet(payload: Buffer): Buffer {
  const padding = 8 - ((payload.length + 5) % 8) + 8;
  return framed(
    payload.length + padding + 1,
    Buffer.concat([Buffer.from([padding]), payload, Buffer.alloc(padding)]),
  );
}

/** SSH_MSG_KEXINIT with the same list for everything. */
function keyExchangeInit(names: string): Buffer {
  const lists = Array.from({ length: 10 }, () => text(names));
  return packet(Buffer.concat([Buffer.from([20]), randomBytes(16), ...lists, Buffer.alloc(5)]));
}

/** SSH_MSG_DISCONNECT, "by application". */
function goodbye(words: string): Buffer {
  return packet(Buffer.concat([Buffer.from([1]), uint32(11), text(words), text('')]));
}
