import type { Duplex } from 'node:stream';
import type { Keepalive } from './heartbeat.ts';
import {
  type HostKeyPolicy,
  type HostTrust,
  isAccepted,
  type SeenKey,
  typesToOffer,
  watchKey,
} from './host-key.ts';
import type { Credentials } from './identities.ts';
import { keyType } from './key-blob.ts';
import type { Link } from './link.ts';
import { LinkFailure, NO_COMMON_HOST_KEY } from './link-failure.ts';
import { loginWith } from './login.ts';
import { openLink } from './open-link.ts';

export type VerifiedOptions = {
  readonly trust: HostTrust;
  readonly policy: HostKeyPolicy;
  readonly user: string;
  readonly credentials: Credentials;
  readonly keepalive: Keepalive;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Hang up once the host has proved its key, before any login. */
  readonly onlyHandshake: boolean;
  /** A fresh one for each handshake. */
  readonly socket: () => Promise<Duplex>;
};

/** `link` is absent with `onlyHandshake`. */
export type Verified = { readonly link: Link | undefined; readonly seen: SeenKey };

/** The host's key was seen and refused. No login was tried. */
export class KeyRefused extends Error {
  readonly seen: SeenKey;

  constructor(seen: SeenKey) {
    super(`host key refused: ${seen.decision.kind}`);
    this.name = 'KeyRefused';
    this.seen = seen;
  }
}

/**
 * A logged-in connection to a host whose key was found right. Rejects with LinkFailure or KeyRefused.
 * A pin does not tell its kind: when the first key shown is not the pinned one, the other kinds are looked at too.
 */
export async function openVerified(options: VerifiedOptions): Promise<Verified> {
  let types = typesToOffer(options.trust);
  let first: KeyRefused | undefined;
  const until = performance.now() + options.timeoutMs;
  for (;;) {
    try {
      const timeoutMs = Math.max(1, until - performance.now());
      return await openOffering(types, first === undefined ? options : { ...options, timeoutMs });
    } catch (error) {
      // That a key was wrong is worse than anything that follows.
      if (first !== undefined && (lacksCommonKey(error) || isTimeout(error))) throw first;
      if (options.trust.kind !== 'pins' || !(error instanceof KeyRefused)) throw error;
      first ??= error;
      types = types.filter((type) => type !== keyType(error.seen.key));
      if (types.length === 0) throw first;
    }
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof LinkFailure && error.failure === 'timeout';
}

export function lacksCommonKey(error: unknown): boolean {
  return error instanceof LinkFailure && error.message.includes(NO_COMMON_HOST_KEY);
}

async function openOffering(hostKeyTypes: readonly string[], options: VerifiedOptions): Promise<Verified> {
  const watch = watchKey(options.trust, options.policy);
  const login = loginWith(options.credentials);
  const socket = await options.socket();
  try {
    const link = await openLink({ ...options, socket, hostKeyTypes, login, verify: watch.verify });
    const seen = watch.seen();
    if (seen !== undefined) return { link, seen };
    await link?.end('closed');
    throw new LinkFailure('protocol', 'it showed no host key');
  } catch (error) {
    const seen = watch.seen();
    if (seen !== undefined && !isAccepted(seen.decision)) throw new KeyRefused(seen);
    if (!(error instanceof LinkFailure) || error.failure !== 'auth') throw error;
    throw new LinkFailure('auth', `${error.message} (${login.account()})`, false, error);
  }
}
