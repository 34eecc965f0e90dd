import { ConnectError } from '../../errors.ts';
import type { Hop, Host } from '../../model/host.ts';
import type { Keepalive } from '../heartbeat.ts';
import { endpointText, safeAddress, safeUser } from '../names.ts';

/** What ssh says on its standard output when the connection is logged in and takes commands. */
export const READY = 'pdeploy-ready';

export type MasterInput = {
  readonly host: Host;
  /** Where the control socket will be. */
  readonly socket: string;
  /** A program that prints a known_hosts line for a pinned key, see pins.ts; undefined without pins. */
  readonly pinChecker: string | undefined;
  readonly configFile: string | undefined;
  readonly acceptNew: boolean;
  readonly keepalive: Keepalive;
  readonly timeoutMs: number;
};

/**
 * The command line of the connection that all others share (ssh(1) -M, ssh_config(5)). What the inventory says is
 * given; what it leaves open is the user's ssh_config to say. `--` comes before the address: it could be an option.
 */
export function masterArguments(input: MasterInput): readonly string[] {
  const { host, socket, pinChecker } = input;
  const { connection } = host;
  const open = connection.unset ?? [];
  const address = open.includes('address') ? host.name : connection.address;
  if (!safeAddress(address)) throw refusal(host, `"${address}" cannot be an address.`);
  if (!open.includes('user') && !safeUser(connection.user))
    throw refusal(host, `"${connection.user}" cannot be a user name.`);
  const jump = connection.jump.map((hop) => jumpText(host, hop)).join(',');
  return [
    ...(input.configFile === undefined ? [] : ['-F', input.configFile]),
    ...['-M', '-N', '-T', '-S', socket],
    ...Object.entries(options(input)).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
    ...(open.includes('user') ? [] : ['-l', connection.user]),
    ...(open.includes('port') ? [] : ['-p', String(connection.port)]),
    ...connection.identities.flatMap((file) => ['-i', file]),
    ...(connection.identities.length === 0 ? [] : ['-o', 'IdentitiesOnly=yes']),
    ...(pinChecker === undefined ? [] : ['-o', `KnownHostsCommand=${pinChecker} %f %H %t %K`]),
    ...knownHosts(connection.knownHosts, pinChecker !== undefined),
    ...(jump === '' ? [] : ['-J', jump]),
    ...['--', address],
  ];
}

function options({ keepalive, timeoutMs, acceptNew, pinChecker }: MasterInput): {
  readonly [key: string]: string;
} {
  const interval = Math.max(1, Math.round(keepalive.intervalMs / 1_000));
  const count = Math.max(1, Math.round((keepalive.intervalMs * keepalive.countMax) / 1_000 / interval));
  return {
    BatchMode: 'yes',
    StrictHostKeyChecking: acceptNew && pinChecker === undefined ? 'accept-new' : 'yes',
    UpdateHostKeys: 'no',
    ConnectTimeout: String(Math.max(1, Math.ceil(timeoutMs / 1_000))),
    ServerAliveInterval: String(interval),
    ServerAliveCountMax: String(count),
    ControlPersist: 'no',
    ForwardAgent: 'no',
    ForwardX11: 'no',
    ClearAllForwardings: 'yes',
    PermitLocalCommand: 'yes',
    LocalCommand: `echo ${READY}`,
    RemoteCommand: 'none',
    // Below, ssh keeps to itself why it hung up.
    LogLevel: 'INFO',
  };
}

/** With pins, nothing but the pins counts. */
function knownHosts(files: readonly string[], pinned: boolean): readonly string[] {
  if (pinned) return ['-o', 'UserKnownHostsFile=none', '-o', 'GlobalKnownHostsFile=none'];
  if (files.length === 0) return [];
  return ['-o', `UserKnownHostsFile=${files.map(quoted).join(' ')}`, '-o', 'GlobalKnownHostsFile=none'];
}

function quoted(file: string): string {
  return `"${file.replaceAll('%', '%%').replaceAll('"', '\\"')}"`;
}

function jumpText(host: Host, hop: Hop): string {
  if (hop.identities.length > 0 || hop.hostKeys.length > 0 || hop.knownHosts.length > 0)
    throw refusal(
      host,
      `its jump host ${hop.name} has a key or a host key of its own in the inventory; OpenSSH takes those from ssh_config.`,
    );
  if (!safeAddress(hop.address) || (hop.user !== '' && !safeUser(hop.user)))
    throw refusal(host, `its jump host ${hop.name} has an address or a user name that cannot be one.`);
  const open = hop.unset ?? [];
  const user = open.includes('user') || hop.user === '' ? '' : `${hop.user}@`;
  return `${user}${open.includes('port') ? hop.address : endpointText(hop.address, hop.port)}`;
}

function refusal(host: Host, why: string): ConnectError {
  return new ConnectError(host.name, 'protocol', `${host.name}: ${why}`);
}

/**
 * The command line of one command over the shared connection. When that takes no further command, or is gone, ssh would
 * connect anew, unverified by us and with the user's own settings; a ProxyCommand that only says `refused` keeps it
 * from that. The word has to be one that no host can guess.
 */
export function commandArguments(socket: string, refused: string, command: string): readonly string[] {
  return [...sharedArguments(socket, refused), '-T', '--', 'shared', command];
}

/** The part of it that is the same for everything that goes over the shared connection. */
export function sharedArguments(socket: string, refused: string): readonly string[] {
  return [
    ...['-F', 'none', '-S', socket],
    ...['-o', 'ControlMaster=no', '-o', `ProxyCommand=sh -c "echo ${refused} >&2"`],
    ...['-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'],
  ];
}
