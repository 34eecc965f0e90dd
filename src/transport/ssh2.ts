import { ConnectError } from '../errors.ts';
import type { Host } from '../model/host.ts';
import { type Bastions, createBastions } from './bastions.ts';
import { type Attempt as ConnectionAttempt, type ConnectorOptions, createConnector } from './connector.ts';
import { type Route, routeTo } from './endpoint.ts';
import type { Link } from './link.ts';
import type { OfferedKey } from './offered-key.ts';
import type { ConnectOptions, ConstCommand, Session, Transport } from './port.ts';
import { createSession } from './session.ts';
import { type SshConfigReader, sshConfigReader } from './ssh-config.ts';
import { type Attempt, tryAll, type Wish } from './wish.ts';

export type Ssh2Options = ConnectorOptions & {
  /** The text of a command. `sudo`: the login is not root, so it has to become root. */
  readonly commandLine: (command: ConstCommand, sudo: boolean) => string;
  /** HOME, USER and SSH_AUTH_SOCK are read from it. */
  readonly env: NodeJS.ProcessEnv;
  /** Default: asks the user's `ssh`. */
  readonly sshConfigOf?: SshConfigReader;
};

export type Ssh2Transport = Transport & {
  readonly kind: 'ssh2';
  /**
   * The key a host shows, for a person to compare and record: one handshake, no login. Jump hosts on the way are
   * logged in to as usual, so they have to be trusted before. Rejects with ConnectError.
   */
  offeredKey(host: Host, options: ConnectOptions): Promise<OfferedKey>;
  /** Tries what a login could ask for beside its commands, over a connection of its own. Rejects with ConnectError. */
  attempts(host: Host, wishes: readonly Wish[], options: ConnectOptions): Promise<readonly Attempt[]>;
};

/** For name, TCP, key exchange and login together. */
const CONNECT_MS = 15_000;

/** SSH within this process, through node-ssh. */
export function createSsh2Transport(options: Ssh2Options): Ssh2Transport {
  const connector = createConnector(options);
  const bastions = createBastions(connector);
  const local = {
    env: options.env,
    sshConfigOf: options.sshConfigOf ?? sshConfigReader({ env: options.env }),
  };
  const links = new Set<Link>();
  const closing = new AbortController();

  const prepare = async (host: Host, connect: ConnectOptions): Promise<ConnectionAttempt> => {
    const signal =
      connect.signal === undefined ? closing.signal : AbortSignal.any([connect.signal, closing.signal]);
    const timeoutMs = connect.timeoutMs ?? CONNECT_MS;
    const route = await routeTo(host, local);
    const via = await orAborted(host.name, signal, bastionFor(bastions, host, route, timeoutMs));
    return { host: host.name, at: route.target, via, timeoutMs, signal };
  };

  const open = async (attempt: ConnectionAttempt): Promise<Link> => {
    const link = await connector.connect(attempt);
    links.add(link);
    void link.dead.then(() => links.delete(link));
    return link;
  };

  return {
    kind: 'ssh2',
    connect: async (host, connect): Promise<Session> => {
      const attempt = await prepare(host, connect);
      const link = await open(attempt);
      const sudo = attempt.at.user !== 'root';
      return createSession(host.name, link, (command) => options.commandLine(command, sudo));
    },
    attempts: async (host, wishes, connect) => {
      const link = await open(await prepare(host, connect));
      const { tryBySsh2 } = await import('./wish-ssh2.ts');
      return await tryAll(link, wishes, (wish) => tryBySsh2(link.client, wish)).finally(() =>
        link.end('closed'),
      );
    },
    offeredKey: async (host, connect) => connector.offeredKey(await prepare(host, connect)),
    close: async () => {
      closing.abort();
      await Promise.all([...links].map((link) => link.end('closed')));
      await bastions.close();
    },
  };
}

function bastionFor(
  bastions: Bastions,
  host: Host,
  route: Route,
  timeoutMs: number,
): Promise<Link | undefined> {
  if (route.needsOpenssh !== undefined) {
    const why = `${host.name}: ssh2 cannot make this connection: ${route.needsOpenssh}.`;
    throw new ConnectError(host.name, 'protocol', why);
  }
  return bastions.through({ host: host.name, hops: route.jump, timeoutMs });
}

async function orAborted<T>(host: string, signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  if (signal.aborted) throw aborted(host);
  let onAbort = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    onAbort = () => reject(aborted(host));
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function aborted(host: string): ConnectError {
  return new ConnectError(host, 'aborted', `${host}: stopped before it was connected.`);
}
