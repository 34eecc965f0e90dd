import type { ServerChannel } from 'ssh2';
import { expect, it } from 'vitest';
import {
  allowSignal,
  type Behaviour,
  clientOf,
  idOf,
  protocolOf,
  sshServer,
} from '../support/hostile-server.ts';
import { bench, type CommandOptions, type Keys, of, type PerKind, type Subject } from './bench.ts';

type Case = {
  readonly what: string;
  readonly behaviour: Behaviour;
  readonly options?: CommandOptions;
  readonly result: PerKind<Readonly<Record<string, unknown>>>;
};

const NOISE = Buffer.alloc(65_536, 'x');
const LINES = Buffer.from(`${'line '.repeat(16)}\n`.repeat(500));
const UNKNOWN = { kind: 'unknown' };
const WAIT = { deadlineMs: 900 };

/** After the login: what a host that was trusted may do to a command. */
const CASES: readonly Case[] = [
  { what: 'never opens a channel', behaviour: { session: () => undefined }, options: WAIT, result: UNKNOWN },
  {
    what: 'refuses channels',
    behaviour: { session: (_, reject) => reject() },
    result: { kind: 'never-started' },
  },
  {
    what: 'never answers the command',
    behaviour: { request: () => undefined },
    options: WAIT,
    result: UNKNOWN,
  },
  {
    what: 'refuses the command',
    behaviour: { request: (_, reject) => reject() },
    options: WAIT,
    result: UNKNOWN,
  },
  {
    what: 'never ends the command, and takes nothing in',
    behaviour: { exec: () => undefined },
    options: WAIT,
    result: UNKNOWN,
  },
  {
    what: 'has no room for a single byte',
    behaviour: { connection: (client) => confirm(client, 0, 32_768), exec: () => undefined },
    options: WAIT,
    result: UNKNOWN,
  },
  {
    what: 'takes packets without content only',
    behaviour: { connection: (client) => confirm(client, 1 << 20, 0), exec: () => undefined },
    options: WAIT,
    result: UNKNOWN,
  },
  {
    what: 'has room for more than there is, and takes nothing',
    behaviour: {
      connection: (client) => confirm(client, 0xffffffff, 0xffffffff),
      exec: (channel) => void socketOf(channel).pause(),
    },
    options: WAIT,
    result: UNKNOWN,
  },
  {
    what: 'closes the channel without a status',
    behaviour: { exec: (channel) => channel.close() },
    result: UNKNOWN,
  },
  {
    what: 'ends its output without a status, and no more',
    behaviour: { exec: (channel) => (channel as unknown as { eof(): void }).eof() },
    options: WAIT,
    result: UNKNOWN,
  },
  {
    what: 'tells the status but never ends its output',
    behaviour: {
      exec: (channel) => {
        channel.write('out');
        channel.exit(3);
      },
    },
    options: { deadlineMs: 3_500 },
    // ssh waits for the end of the channel before it tells.
    result: { ssh2: { kind: 'exited', code: 3, stdout: 'out' }, openssh: UNKNOWN },
  },
  {
    what: 'tells the status and closes without ending its output',
    behaviour: {
      exec: (channel) => {
        channel.write('out');
        channel.exit(3);
        channel.close();
      },
    },
    result: { kind: 'exited', code: 3, stdout: 'out' },
  },
  {
    what: 'tells the status and hangs up',
    behaviour: {
      exec: (channel) => {
        channel.exit(0);
        clientOf(channel).end();
      },
    },
    result: UNKNOWN,
  },
  {
    what: 'ends by a signal with escapes in its name',
    behaviour: {
      exec: (channel) => {
        allowSignal('X\u001b[2J');
        protocolOf(clientOf(channel)).exitSignal(idOf(channel), 'X\u001b[2J', false, '\u0007');
        channel.close();
      },
    },
    result: { ssh2: { kind: 'signaled', signal: expect.not.stringMatching(/\p{Cc}/u) }, openssh: UNKNOWN },
  },
  {
    what: 'hangs up during the command',
    behaviour: { exec: (channel) => void setTimeout(() => clientOf(channel).end(), 100) },
    result: UNKNOWN,
  },
  {
    what: 'says goodbye during the command',
    behaviour: { exec: (channel) => protocolOf(clientOf(channel)).disconnect(2) },
    result: UNKNOWN,
  },
  {
    what: 'answers a channel that was never opened',
    behaviour: { exec: (channel) => protocolOf(clientOf(channel)).channelData(77, Buffer.from('x')) },
    options: WAIT,
    result: UNKNOWN,
  },
  {
    what: 'answers what was never asked',
    behaviour: {
      exec: (channel) => {
        for (let n = 0; n < 200; n += 1) protocolOf(clientOf(channel)).channelSuccess(idOf(channel));
      },
    },
    options: WAIT,
    result: UNKNOWN,
  },
  {
    what: 'opens its window over and over',
    behaviour: {
      exec: (channel) => {
        for (let n = 0; n < 5_000; n += 1)
          protocolOf(clientOf(channel)).channelWindowAdjust(idOf(channel), 0xffffffff);
      },
    },
    options: WAIT,
    result: UNKNOWN,
  },
  {
    what: 'opens channels of its own',
    behaviour: {
      exec: (channel) => {
        for (let n = 0; n < 200; n += 1) clientOf(channel).x11('127.0.0.1', 6_000, () => undefined);
        channel.exit(0);
        channel.close();
      },
    },
    result: { kind: 'exited', code: 0 },
  },
];

const FLOODS: readonly Case[] = [
  {
    what: 'pings without end',
    behaviour: {
      exec: (channel) => {
        for (let n = 0; n < 10_000; n += 1) protocolOf(clientOf(channel)).ping();
        channel.exit(0);
        channel.close();
      },
    },
    options: { deadlineMs: 10_000 },
    result: { kind: 'exited', code: 0 },
  },
  {
    what: 'pings without end, and reads no answer',
    behaviour: {
      exec: (channel) => {
        socketOf(channel).pause();
        for (let n = 0; n < 10_000; n += 1) protocolOf(clientOf(channel)).ping();
      },
    },
    options: { deadlineMs: 3_000 },
    result: UNKNOWN,
  },
  {
    what: 'sends lines without end',
    behaviour: { exec: (channel) => pourOut(channel, channel, LINES) },
    options: { deadlineMs: 900, onLine: () => undefined },
    result: UNKNOWN,
  },
  {
    what: 'pours out standard output',
    behaviour: { exec: (channel) => pourOut(channel, channel, NOISE) },
    result: { kind: 'unknown', why: 'more than 10000 bytes of output; the channel was closed' },
  },
  {
    what: 'pours out standard error',
    behaviour: { exec: (channel) => pourOut(channel, channel.stderr, NOISE) },
    result: { kind: 'unknown', why: 'more than 10000 bytes of output; the channel was closed' },
  },
  {
    what: 'pours out a line that does not end',
    behaviour: { exec: (channel) => pourOut(channel, channel, NOISE) },
    options: { onLine: () => undefined },
    result: UNKNOWN,
  },
];

export function commands(subject: Subject, keys: () => Keys): void {
  it.concurrent.for(CASES)('$what, and the outcome is not made up', async (given, { expect }) => {
    const server = await sshServer(keys().host, given.behaviour);
    const result = await bench(subject, keys(), expect).commandAt(server, given.options);
    expect(result, JSON.stringify(result)).toMatchObject(of(subject.kind, given.result));
  });

  // One after the other: they are about memory.
  it.for(FLOODS)('$what, and is cut off', async (given, { expect }) => {
    const server = await sshServer(keys().host, given.behaviour);
    const result = await bench(subject, keys(), expect).commandAt(server, given.options);
    expect(result).toMatchObject(of(subject.kind, given.result));
  });
}

type Client = Parameters<NonNullable<Behaviour['connection']>>[0];

/** Opens channels with a window and a packet size of the server's choice. */
function confirm(client: Client, window: number, packetSize: number): void {
  const protocol = protocolOf(client);
  const honest = protocol.channelOpenConfirm.bind(protocol);
  protocol.channelOpenConfirm = (remote, local) => honest(remote, local, window, packetSize);
}

function socketOf(channel: ServerChannel): { pause(): unknown } {
  return (clientOf(channel) as unknown as { readonly _sock: { pause(): unknown } })._sock;
}

function pourOut(channel: ServerChannel, sink: NodeJS.WritableStream, chunk: Buffer): void {
  const more = (): void => {
    while (!channel.destroyed && channel.writable && sink.write(chunk));
  };
  sink.on('drain', more);
  more();
}
