import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { algorithmsFor } from './algorithms.ts';
import type { Keepalive } from './heartbeat.ts';
import { strictVerifier } from './host-key.ts';
import { type Link, linkOver } from './link.ts';
import { concernsOneKey, LinkFailure, lateFailure, linkFailure, type Phase } from './link-failure.ts';
import type { Login } from './login.ts';

export type LinkOptions = {
  /** Connected or connecting. It is destroyed when the link fails or ends. */
  readonly socket: Duplex;
  readonly user: string;
  readonly login: Login;
  readonly verify: (key: Buffer) => unknown;
  readonly hostKeyTypes: readonly string[];
  readonly keepalive: Keepalive;
  readonly timeoutMs: number;
  /** Hang up once the host has proved its key, before any login. */
  readonly onlyHandshake: boolean;
  readonly signal?: AbortSignal | undefined;
};

/** What sshd (9.8 and later) says to an address it has locked out. Knocking again makes it worse. */
const LOCKED_OUT = 'Not allowed at this time';

/** The handshake and the login. Rejects with LinkFailure; `undefined` with `onlyHandshake`. */
export async function openLink(options: LinkOptions): Promise<Link | undefined> {
  const { socket, signal } = options;
  socket.on('error', () => undefined);
  const { NodeSSH } = await import('node-ssh');
  // A reset that came while the module was loaded is not told again.
  if (socket.destroyed) throw linkFailure('handshake', undefined);
  const ssh = new NodeSSH();
  let phase: Phase = socket instanceof Socket && socket.connecting ? 'dial' : 'handshake';
  let lockedOut = false;

  return await new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      client?.off('close', onClose);
      client?.off('error', onError);
    };
    const fail = (failure: LinkFailure): void => {
      finish();
      client?.on('error', () => undefined);
      socket.destroy();
      reject(lockedOut ? new LinkFailure('refused', 'it has locked this address out for a while') : failure);
    };
    const onAbort = (): void => fail(new LinkFailure('aborted', 'stopped by the caller'));
    const onClose = (): void => fail(linkFailure(phase, undefined));
    const onError = (error: Error): void => {
      if (!concernsOneKey(error)) fail(linkFailure(phase, error));
    };
    const timer = setTimeout(() => fail(lateFailure(phase, options.timeoutMs)), options.timeoutMs);

    const opening = ssh.connect({
      sock: socket,
      username: options.user,
      authHandler: options.login.handler,
      hostVerifier: strictVerifier(options.verify),
      algorithms: algorithmsFor(options.hostKeyTypes),
      readyTimeout: options.timeoutMs,
      keepaliveInterval: options.keepalive.intervalMs,
      // The silence of the socket decides, see heartbeat.ts.
      keepaliveCountMax: Number.MAX_SAFE_INTEGER,
    });
    // node-ssh drops its own listener when the connection is ready: without this one, a reset ends the process.
    const client = ssh.connection;
    client?.on('error', onError);
    opening.catch(onError);
    if (client === null) return;

    socket.once('data', (chunk: Buffer) => {
      lockedOut = chunk.subarray(0, LOCKED_OUT.length).toString('latin1') === LOCKED_OUT;
    });
    client.on('close', onClose);
    client.on('connect', () => {
      phase = 'handshake';
    });
    client.on('handshake', () => {
      phase = 'auth';
      if (!options.onlyHandshake) return;
      finish();
      client.on('error', () => undefined);
      socket.destroy();
      resolve(undefined);
    });
    client.on('ready', () => {
      finish();
      resolve(linkOver(client, socket, options.keepalive));
    });
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
