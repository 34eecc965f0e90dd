import type { Duplex } from 'node:stream';
import { ConnectError, type ConnectFailure } from '../errors.ts';
import { dial, tunnel } from './dial.ts';
import type { Endpoint } from './endpoint.ts';
import { createGate, type Gate } from './gate.ts';
import type { Keepalive } from './heartbeat.ts';
import { type HostKeyPolicy, type HostTrust, typesToOffer } from './host-key.ts';
import { hostKeyError, otherKindError, unverifiable, whose } from './host-key-error.ts';
import { type AskPassphrase, type Credentials, keyring } from './identities.ts';
import { knownHost } from './known-hosts/judge.ts';
import { knownHostsReader } from './known-hosts/load.ts';
import { recordHostKey } from './known-hosts/record.ts';
import type { Link } from './link.ts';
import { LinkFailure } from './link-failure.ts';
import { endpointText } from './names.ts';
import { type OfferedKey, offeredKey, trustedName } from './offered-key.ts';
import { KeyRefused, lacksCommonKey, openVerified, type Verified } from './open-verified.ts';
import { RETRY, type RetryTimes, withRetries } from './retry.ts';

export type ConnectorOptions = {
  readonly policy: HostKeyPolicy;
  /** Called once for a key file, however many hosts need it. Absent: encrypted keys are left out. */
  readonly askPassphrase?: AskPassphrase;
  /** Called after a new key was recorded under `accept-new`. */
  readonly onAcceptedKey?: (host: string, fingerprint: string, key: OfferedKey) => void;
  readonly keepalive?: Keepalive;
  readonly retry?: RetryTimes;
};

/** One connection to make. */
export type Attempt = {
  /** The host of the inventory on whose behalf this is; `at` may be a jump host on the way to it. */
  readonly host: string;
  readonly at: Endpoint;
  readonly via: Link | undefined;
  /** For each try. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
};

/** Makes connections: verified, throttled per address, tried again when they fail before the login. */
export type Connector = {
  /** Rejects with ConnectError. */
  connect(attempt: Attempt): Promise<Link>;
  /** The key a host proves to have, without a login. Rejects with ConnectError. */
  offeredKey(attempt: Attempt): Promise<OfferedKey>;
};

const KEEPALIVE: Keepalive = { intervalMs: 3_000, countMax: 3 };
const IN_FLIGHT_PER_ADDRESS = 5;

export function createConnector(options: ConnectorOptions): Connector {
  const keepalive = options.keepalive ?? KEEPALIVE;
  const credentialsFor = keyring(options.askPassphrase);
  const readKnownHosts = knownHostsReader();
  const gates = new Map<string, Gate>();

  const trustFor = async (host: string, at: Endpoint): Promise<HostTrust> => {
    if (at.pins.length > 0) return { kind: 'pins', pins: at.pins };
    try {
      return { kind: 'files', known: knownHost(await readKnownHosts(at.knownHosts), trustedName(at)) };
    } catch (error) {
      const why = `${whose(host, at)}: a known_hosts file cannot be read: ${(error as Error).message}`;
      throw new ConnectError(host, 'hostkey-unknown', why, { cause: error });
    }
  };

  const throttled = <T>(a: Attempt, work: () => Promise<T>): Promise<T> => {
    const place = endpointText(a.at.address, a.at.port);
    const gate = gates.get(place) ?? createGate(IN_FLIGHT_PER_ADDRESS);
    gates.set(place, gate);
    return withRetries(() => gate.pass(work, a.signal), options.retry ?? RETRY, a.signal);
  };

  const verified = async (
    a: Attempt,
    policy: HostKeyPolicy,
    credentials: Credentials | undefined,
  ): Promise<Verified> => {
    const trust = await trustFor(a.host, a.at);
    const types = typesToOffer(trust);
    const obstacle = unverifiable(trust, types);
    // The plain key of a host that a certificate vouches for can be looked at, to record it.
    const harmless = credentials === undefined && types.length > 0;
    if (obstacle !== undefined && !harmless) throw cannotVerify(a, obstacle);
    const how = {
      ...{ trust, policy, keepalive, timeoutMs: a.timeoutMs, signal: a.signal, user: a.at.user },
      credentials: credentials ?? { usable: [], skipped: [] },
      onlyHandshake: credentials === undefined,
      socket: () => socketTo(a),
    };
    try {
      return await throttled(a, () => openVerified(how));
    } catch (error) {
      const known = trust.kind === 'files' ? trust.known.keys : [];
      throw known.length > 0 && lacksCommonKey(error)
        ? otherKindError(a.host, a.at, known)
        : connectError(a, error);
    }
  };

  const record = async (a: Attempt, link: Link, key: OfferedKey): Promise<void> => {
    try {
      await recordHostKey(key.file, key.line);
    } catch (error) {
      await link.end('closed');
      const why = `${whose(a.host, a.at)}: its new host key cannot be recorded: ${(error as Error).message}`;
      throw new ConnectError(a.host, 'hostkey-unknown', why, { cause: error });
    }
    options.onAcceptedKey?.(a.at.name, key.fingerprint, key);
  };

  return {
    connect: async (a) => {
      const credentials = await credentialsFor(a.at);
      if (credentials.usable.length === 0) throw noKey(a, credentials.skipped);
      const { link, seen } = await verified(a, options.policy, credentials);
      if (link === undefined) throw new Error('a handshake without a login');
      if (seen.decision.kind === 'new') await record(a, link, offeredKey(a.at, seen));
      return link;
    },
    offeredKey: async (a) => offeredKey(a.at, (await verified(a, 'accept-new', undefined)).seen),
  };
}

async function socketTo(a: Attempt): Promise<Duplex> {
  const { address, port } = a.at;
  return a.via === undefined
    ? dial(address, port)
    : await tunnel(a.via, address, port, a.timeoutMs, a.signal);
}

function connectError(a: Attempt, error: unknown): Error {
  if (error instanceof KeyRefused) return hostKeyError(a.host, a.at, error.seen);
  const who = whose(a.host, a.at);
  if (a.signal?.aborted === true)
    return new ConnectError(a.host, 'aborted', `${who}: stopped before it was connected.`);
  if (!(error instanceof LinkFailure)) return error as Error;
  const hint = HINTS.get(error.failure);
  return new ConnectError(a.host, error.failure, `${who}: ${error.message}.`, { hint, cause: error });
}

function cannotVerify(a: Attempt, obstacle: string): ConnectError {
  const why = `${whose(a.host, a.at)}: its identity cannot be verified here: ${obstacle}.`;
  return new ConnectError(a.host, 'hostkey-unknown', why, {
    hint: `To record its plain key: pdeploy hosts trust -l ${a.at.name}`,
  });
}

function noKey(a: Attempt, skipped: readonly string[]): ConnectError {
  const left = skipped.length === 0 ? '' : ` Left out: ${skipped.join(', ')}.`;
  const why = `${whose(a.host, a.at)}: there is no key to log in with.${left}`;
  return new ConnectError(a.host, 'auth', why, { hint: HINTS.get('auth') });
}

const HINTS: ReadonlyMap<ConnectFailure, string> = new Map([
  ['dns', 'Check the address in the inventory.'],
  ['refused', 'Check the address, the port and whether sshd runs there.'],
  ['timeout', 'Check the address, the network and the firewall.'],
  [
    'reset-before-auth',
    'Its sshd may have too many logins at once (MaxStartups), or a firewall cuts the connection.',
  ],
  [
    'auth',
    'Check the user, and that one of the keys is in its authorized_keys; or name the key in the inventory.',
  ],
]);
