import type { Duplex, Readable, Writable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { type Keepalive, watchSilence } from './heartbeat.ts';
import type { DeadReason } from './port.ts';
import { printable } from './printable.ts';

/** An SSH connection that is logged in, whoever made it. Its errors never surface but as `dead`. */
export type Carrier = {
  readonly dead: Promise<DeadReason>;
  /** Fires with `dead`, for listeners that come and go; its reason is a sentence. */
  readonly lost: AbortSignal;
  readonly alive: boolean;
  /** Starts a command. Throws, or hands on an error, when it was not started. */
  start(command: string, opened: (error: Error | undefined, running: Running | undefined) => void): void;
  end(why: string): Promise<void>;
};

/** A command at work. */
export type Running = {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Once it has ended: whether it is certain that the host had no channel left for it and started nothing. */
  refused(): boolean;
  /** `null` and no signal: it ended, and nobody can tell how. */
  onExit(tell: (code: number | null, signal?: string) => void): void;
  /** Its streams have ended as well. */
  onClose(tell: () => void): void;
  close(): void;
};

/** A connection made by ssh2. */
export type Link = Carrier & { readonly client: Client };

/**
 * Bytes. ssh2 cuts what it sends into packets of the size that the host asks for, without a pause: with 0 it would never
 * end, with a few bytes not for minutes. Every SSH server has to take 32 KiB (RFC 4253, 6.1).
 */
const LEAST_PACKET = 4_096;

/** For how long an orderly end may take before the socket is destroyed. */
const PARTING_MS = 250;

/** Takes over a client that has just become ready. */
export function linkOver(client: Client, socket: Duplex, keepalive: Keepalive): Link {
  let why: string | undefined;
  let alive = true;
  let parting: NodeJS.Timeout | undefined;
  let declare: (reason: DeadReason) => void;
  const dead = new Promise<DeadReason>((resolve) => {
    declare = resolve;
  });
  const lost = new AbortController();
  void dead.then((reason) => lost.abort(reason.why));

  const gone = (): void => {
    if (!alive) return;
    alive = false;
    clearTimeout(parting);
    stopWatching();
    socket.destroy();
    declare({ why: why ?? 'the host closed the connection' });
  };
  // ssh2 tells each waiting channel at `close` whether it was ever opened, which is worth a moment.
  const going = (reason: string): void => {
    why ??= reason;
    parting ??= setTimeout(gone, PARTING_MS);
  };
  const stopWatching = watchSilence(socket, keepalive, () => {
    going(`the host has been silent for ${(keepalive.intervalMs * keepalive.countMax) / 1_000} s`);
    socket.destroy();
  });

  client.on('error', (error) => {
    going(`the connection was lost: ${printable(error.message)}`);
    socket.destroy();
  });
  client.on('end', () => {
    going('the host closed the connection');
    socket.destroy();
  });
  client.on('close', gone);

  return {
    client,
    start: (command, opened) => {
      client.exec(command, (error, channel) => {
        if (error) opened(error, undefined);
        else if (packetSizeOf(channel) >= LEAST_PACKET) opened(undefined, runningOn(channel));
        else {
          channel.on('error', () => undefined);
          channel.close();
          opened(new Error(`it takes packets of ${packetSizeOf(channel)} bytes only`), undefined);
        }
      });
    },
    dead,
    lost: lost.signal,
    get alive() {
      return alive && why === undefined;
    },
    end: async (reason) => {
      going(reason);
      // With the goodbye handed over there is nothing to wait for: sshd takes its time to close a login.
      socket.once('finish', gone);
      client.end();
      await dead;
    },
  };
}

/** Its types do not have it. */
function packetSizeOf(channel: ClientChannel): number {
  return (channel as unknown as { readonly outgoing: { readonly packetSize: number } }).outgoing.packetSize;
}

export function runningOn(channel: ClientChannel): Running {
  channel.on('error', () => undefined);
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    refused: () => false,
    onExit: (tell) => channel.on('exit', tell),
    onClose: (tell) => channel.on('close', tell),
    close: () => channel.close(),
  };
}
