import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import ssh2, { type Connection as ClientConnection, type ServerChannel, type Session } from 'ssh2';
import type { TestKey } from './keys.ts';

export type Hostile = { readonly port: number; stop(): Promise<void> };

/** A TCP server that does with each connection what it is told. */
export async function rawServer(behave: (socket: Socket) => void): Promise<Hostile> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    behave(socket);
  });
  return await listening(server, sockets);
}

export type Behaviour = {
  readonly connection?: (client: ClientConnection) => void;
  /** Absent: everybody is let in. */
  readonly login?: (client: ClientConnection, context: ssh2.AuthContext) => void;
  /** Absent: sessions are opened. */
  readonly session?: (accept: () => Session, reject: () => void) => void;
  readonly exec?: (channel: ServerChannel, command: string) => void;
  /** In place of `exec`. */
  readonly request?: (accept: () => ServerChannel, reject: () => void) => void;
  readonly config?: Partial<ssh2.ServerConfig>;
};

/** The inside of ssh2, for what a well-behaved server would not do. */
export type Protocol = {
  disconnect(reason: number): void;
  ping(): void;
  channelOpenConfirm(remote: number, local: number, window: number, packetSize: number): void;
  channelData(channel: number, data: Buffer): void;
  channelSuccess(channel: number): void;
  channelWindowAdjust(channel: number, bytes: number): void;
  exitSignal(channel: number, name: string, core: boolean, message: string): void;
  authFailure(methods: readonly string[], partial?: boolean): void;
  x11(originHost: string, originPort: number, config: object): void;
};

/** ssh2 sends the signals of this list only. */
export function allowSignal(name: string): void {
  const path = 'ssh2/lib/protocol/constants.js';
  const { SIGNALS } = createRequire(import.meta.url)(path) as { readonly SIGNALS: Record<string, number> };
  SIGNALS[name] = 1;
}

export function protocolOf(of: ClientConnection): Protocol {
  return (of as unknown as { readonly _protocol: Protocol })._protocol;
}

/** The connection that a channel is of. */
export function clientOf(channel: ServerChannel): ClientConnection {
  return (channel as unknown as { readonly _client: ClientConnection })._client;
}

/** What the client calls a channel. */
export function idOf(channel: ServerChannel): number {
  return (channel as unknown as { readonly outgoing: { readonly id: number } }).outgoing.id;
}

/** An SSH server made of ssh2, with what it gets wrong as an option. */
export async function sshServer(hostKey: TestKey, behaviour: Behaviour = {}): Promise<Hostile> {
  const sockets = new Set<Socket>();
  const keys = [readFileSync(hostKey.file)];
  const ssh = new ssh2.Server({ hostKeys: keys, ...behaviour.config }, (client) => {
    client.on('error', () => undefined);
    behaviour.connection?.(client);
    client.on('authentication', (context) => {
      if (behaviour.login === undefined) context.accept();
      else behaviour.login(client, context);
    });
    client.on('session', (accept, reject) => {
      if (behaviour.session !== undefined) return behaviour.session(accept, reject);
      accept().on('exec', (acceptExec, rejectExec, info) => {
        if (behaviour.request !== undefined) return behaviour.request(acceptExec, rejectExec);
        const channel = acceptExec();
        channel.on('error', () => undefined);
        behaviour.exec?.(channel, info.command);
      });
    });
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    ssh.injectSocket(socket);
  });
  return await listening(server, sockets);
}

async function listening(server: NetServer, sockets: ReadonlySet<Socket>): Promise<Hostile> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
