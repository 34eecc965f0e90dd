import { ConnectError } from '../../errors.ts';
import type { Host } from '../../model/host.ts';
import { routeTo } from '../endpoint.ts';
import type { Keepalive } from '../heartbeat.ts';
import type { Carrier } from '../link.ts';
import type { ConnectOptions, ConstCommand, Session, Transport } from '../port.ts';
import { createSession } from '../session.ts';
import { type SshConfigReader, sshConfigReader } from '../ssh-config.ts';
import { type Attempt, tryAll, type Wish } from '../wish.ts';
import { type MasterCarrier, openMaster } from './master.ts';

export type OpensshOptions = {
  /** The text of a command. `sudo`: the login is not root, so it has to become root. */
  readonly commandLine: (command: ConstCommand, sudo: boolean) => string;
  readonly env: NodeJS.ProcessEnv;
  /** `accept-new` has ssh record an unknown host key; a changed one is refused all the same. Default: strict. */
  readonly policy?: 'strict' | 'accept-new';
  /** Default: asks ssh. Tells whom it logs in as. */
  readonly sshConfigOf?: SshConfigReader;
  readonly keepalive?: Keepalive;
  /** Default `ssh`, looked for in PATH. */
  readonly program?: string;
  /** Read instead of the user's and the machine's configuration (`ssh -F`). */
  readonly configFile?: string;
};

export type OpensshTransport = Transport & {
  /** Tries what a login could ask for beside its commands, over a connection of its own. Rejects with ConnectError. */
  attempts(host: Host, wishes: readonly Wish[], options: ConnectOptions): Promise<readonly Attempt[]>;
};

const CONNECT_MS = 15_000;
const KEEPALIVE: Keepalive = { intervalMs: 3_000, countMax: 3 };

/**
 * SSH by the user's own OpenSSH: for certificates, security keys, ProxyCommand and whatever else its configuration
 * knows. One process a connection, and one more for each command.
 */
export function createOpensshTransport(options: OpensshOptions): OpensshTransport {
  const carriers = new Set<Carrier>();
  const closing = new AbortController();
  const local = {
    env: options.env,
    sshConfigOf: options.sshConfigOf ?? sshConfigReader({ env: options.env }),
  };
  const open = async (host: Host, connect: ConnectOptions): Promise<MasterCarrier> => {
    const signal =
      connect.signal === undefined ? closing.signal : AbortSignal.any([connect.signal, closing.signal]);
    if (signal.aborted)
      throw new ConnectError(host.name, 'aborted', `${host.name}: stopped before it was connected.`);
    const carrier = await openMaster({
      host,
      program: options.program ?? 'ssh',
      env: options.env,
      configFile: options.configFile,
      acceptNew: options.policy === 'accept-new',
      keepalive: options.keepalive ?? KEEPALIVE,
      timeoutMs: connect.timeoutMs ?? CONNECT_MS,
      signal,
    });
    carriers.add(carrier);
    void carrier.dead.then(() => carriers.delete(carrier));
    return carrier;
  };
  return {
    kind: 'openssh',
    connect: async (host, connect): Promise<Session> => {
      const { target } = await routeTo(host, local);
      const carrier = await open(host, connect);
      const sudo = target.user !== 'root';
      return createSession(host.name, carrier, (command) => options.commandLine(command, sudo));
    },
    attempts: async (host, wishes, connect) => {
      const carrier = await open(host, connect);
      return await tryAll(carrier, wishes, (wish) => carrier.try(wish)).finally(() => carrier.end('closed'));
    },
    close: async () => {
      closing.abort();
      await Promise.all([...carriers].map((carrier) => carrier.end('closed')));
    },
  };
}
