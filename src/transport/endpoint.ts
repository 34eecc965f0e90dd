import { ConnectError } from '../errors.ts';
import type { Connection, Hop, Host } from '../model/host.ts';
import { safeAddress, safeUser } from './names.ts';
import { parseSshConfig, type SshConfig, type SshConfigReader } from './ssh-config.ts';

/** Everything one SSH connection needs, with nothing left open. */
export type Endpoint = {
  /** For messages: the host's name, or a hop's. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  /** The inventory or ssh_config named these: no other key is tried. */
  readonly identitiesOnly: boolean;
  readonly agentSocket: string | undefined;
  /** In the order they are read; the first is where a new key is recorded. */
  readonly knownHosts: readonly string[];
  readonly hostKeyAlias: string | undefined;
  readonly pins: readonly string[];
};

export type Route = {
  readonly target: Endpoint;
  /** From the controller outwards. */
  readonly jump: readonly Endpoint[];
  /** Why only OpenSSH itself can make this connection. */
  readonly needsOpenssh: string | undefined;
};

type Local = { readonly env: NodeJS.ProcessEnv; readonly sshConfigOf: SshConfigReader };

type Settings = Omit<Connection, 'jump' | 'transport'>;

/** Works out how to reach a host. What the inventory says wins; ssh_config fills in what it leaves open. */
export async function routeTo(host: Host, local: Local): Promise<Route> {
  const { connection } = host;
  const asked = await configFor(host.name, connection, local);
  const target = endpointOf(host.name, connection, asked, local.env);
  const named = connection.jump.length > 0;
  const hops = named ? connection.jump : (asked?.proxyJump ?? []).map((text) => parseJump(text, host.name));
  const configs = await Promise.all(hops.map((hop) => configFor(hop.name, hop, local)));
  const behind = hops.find((_, i) => (configs[i]?.proxyJump.length ?? 0) > 0);
  const wanted = connection.transport === 'openssh' ? 'the inventory asks for it' : undefined;
  const nested = behind && `its jump host ${behind.name} has a ProxyJump of its own in ssh_config`;
  return {
    target,
    jump: hops.map((hop, i) => endpointOf(hop.name, hop, configs[i], local.env)),
    needsOpenssh:
      wanted ??
      // The way that the inventory names replaces a ProxyCommand.
      (named ? undefined : asked?.needsOpenssh) ??
      configs.find((config) => config?.needsOpenssh !== undefined)?.needsOpenssh ??
      nested,
  };
}

/** `undefined`: the inventory leaves nothing open, so ssh_config has no say. */
async function configFor(name: string, settings: Settings, local: Local): Promise<SshConfig | undefined> {
  const open = settings.unset ?? (settings.address === name ? ['address'] : []);
  if (open.length === 0) return undefined;
  return await local.sshConfigOf(open.includes('address') ? name : settings.address);
}

function endpointOf(
  name: string,
  settings: Settings,
  asked: SshConfig | undefined,
  env: NodeJS.ProcessEnv,
): Endpoint {
  const open = settings.unset ?? (settings.address === name ? ['address'] : []);
  const defaults = parseSshConfig('', name, { home: env.HOME ?? '/', user: settings.user });
  const config = asked ?? defaults;
  const address = open.includes('address') ? config.hostname : settings.address;
  const user = open.includes('user') ? config.user : settings.user;
  if (!safeAddress(address))
    throw new ConnectError(name, 'protocol', `${name}: "${address}" cannot be an address.`);
  if (!safeUser(user)) throw new ConnectError(name, 'protocol', `${name}: "${user}" cannot be a user name.`);
  const given = settings.identities.length > 0;
  const agent = config.identityAgent ?? env.SSH_AUTH_SOCK;
  return {
    name,
    address,
    port: open.includes('port') ? config.port : settings.port,
    user,
    identityFiles: given ? settings.identities : config.identityFiles,
    identitiesOnly: given || config.identitiesOnly,
    agentSocket: agent === 'none' || agent === '' ? undefined : agent,
    knownHosts:
      settings.knownHosts.length > 0
        ? settings.knownHosts
        : [...config.userKnownHostsFiles, ...config.globalKnownHostsFiles],
    hostKeyAlias: config.hostKeyAlias,
    pins: settings.hostKeys,
  };
}

const JUMP = /^(?:ssh:\/\/)?(?:([^@]+)@)?(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/;

function parseJump(text: string, host: string): Hop {
  const [, user, bracketed, port] = JUMP.exec(text) ?? [];
  const address = bracketed?.replace(/^\[(.+)\]$/, '$1');
  if (address === undefined || !safeAddress(address) || (user !== undefined && !safeUser(user))) {
    throw new ConnectError(host, 'protocol', `${host}: ProxyJump "${text}" in ssh_config cannot be read.`);
  }
  return {
    name: address,
    address,
    port: Number(port ?? 22),
    user: user ?? '',
    identities: [],
    knownHosts: [],
    hostKeys: [],
    unset: [
      'address',
      ...(port === undefined ? (['port'] as const) : []),
      ...(user === undefined ? (['user'] as const) : []),
    ],
  };
}
