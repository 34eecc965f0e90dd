import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { CLOSE, type Frame, frame, frameReader, PING, PONG, TEXT } from './frames.ts';

const LIMIT_MS = 10_000;

/** An open WebSocket. */
export type Channel = {
  /** Of the answer that opened it, as the process. */
  readonly release: string;
  readonly pid: string;
  /** Milliseconds that it is, or was, open. */
  readonly ageMs: () => number;
  /** Sends a frame and waits up to 10 s for its echo, a pong where it was a ping. @throws Cut */
  readonly ask: (opcode: typeof TEXT | typeof PING, text: string) => Promise<void>;
  /** Closes it as RFC 6455, section 7, has it: a frame each way, then the connection. @throws Cut */
  readonly close: () => Promise<void>;
};

/** It could not be opened, or ended otherwise than by `close`. */
export class Cut extends Error {
  /** It was connected, and not one byte of an answer had come. */
  readonly unanswered: boolean;
  constructor(why: string, unanswered = false) {
    super(why);
    this.unanswered = unanswered;
  }
}

/** The value that `Sec-WebSocket-Accept` must have for a key: RFC 6455, section 4.2.2. */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** @throws Cut when it is not open after 10 s */
export function openWebSocket(url: string): Promise<Channel> {
  const { hostname, host, port, pathname } = new URL(url);
  const key = randomBytes(16).toString('base64');
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  return new Promise((resolve, reject) => {
    let [connected, text, why] = [false, Buffer.alloc(0), 'closed'];
    const late = setTimeout(() => socket.destroy(new Error('not open after 10 s')), LIMIT_MS);
    socket.on('connect', () => {
      connected = true;
      socket.write(
        `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      );
    });
    const onData = (piece: Buffer): void => {
      text = Buffer.concat([text, piece]);
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = text.subarray(0, end).toString('latin1');
      const status = head.split(' ')[1];
      if (status !== '101') socket.destroy(new Error(`status ${status}`));
      else if (field(head, 'sec-websocket-accept') !== acceptOf(key))
        socket.destroy(new Error('wrong Sec-WebSocket-Accept'));
      else {
        clearTimeout(late);
        socket.off('data', onData);
        const who = { release: field(head, 'x-release'), pid: field(head, 'x-pid') };
        resolve(channelOn(socket, who, text.subarray(end + 4)));
      }
    };
    socket.on('data', onData);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.message;
    });
    socket.on('close', () => {
      clearTimeout(late);
      reject(new Cut(why, connected && text.length === 0));
    });
  });
}

type Waiting = {
  readonly opcode: number;
  readonly done: (payload: Buffer) => void;
  readonly lost: (cut: Cut) => void;
};

function channelOn(socket: Socket, who: Pick<Channel, 'release' | 'pid'>, first: Buffer): Channel {
  const opened = performance.now();
  let ended: number | undefined;
  let why = 'closed';
  let waiting: Waiting | undefined;
  const over = (): Waiting | undefined => {
    const was = waiting;
    waiting = undefined;
    return was;
  };
  const frames = frameReader(({ opcode, payload }: Frame) => {
    if (opcode === waiting?.opcode) over()?.done(payload);
    else socket.destroy(new Error(opcode === CLOSE ? 'closed by the other side' : `opcode ${opcode}`));
  });
  const onData = (piece: Buffer): void => {
    try {
      frames(piece);
    } catch (error) {
      socket.destroy(error as Error);
    }
  };
  socket.on('data', onData);
  socket.on('error', (error: NodeJS.ErrnoException) => {
    why = error.code ?? error.message;
  });
  socket.on('close', () => {
    ended = performance.now();
    over()?.lost(new Cut(why));
  });
  onData(first);

  const exchange = (opcode: number, payload: Buffer, answer: number): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(new Cut(why));
      const late = setTimeout(() => socket.destroy(new Error('no echo within 10 s')), LIMIT_MS);
      const then =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(late);
          settle(value);
        };
      waiting = { opcode: answer, done: then(resolve), lost: then(reject) };
      socket.write(frame(opcode, payload, true));
    });
  return {
    ...who,
    ageMs: () => (ended ?? performance.now()) - opened,
    ask: async (opcode, text) => {
      const echo = await exchange(opcode, Buffer.from(text), opcode === PING ? PONG : TEXT);
      if (echo.toString() !== text) throw new Cut('another echo');
    },
    close: async () => {
      await exchange(CLOSE, Buffer.from([0x03, 0xe8]), CLOSE);
      socket.end();
    },
  };
}

function field(head: string, name: string): string {
  const line = head.split('\r\n').find((l) => l.toLowerCase().startsWith(`${name}:`)) ?? '';
  return line.slice(line.indexOf(':') + 1).trim();
}
