import { allHostKeyTypes, verifiableTypes } from './algorithms.ts';
import { fingerprint } from './key-blob.ts';
import { judgeKey, type KeyVerdict, type KnownHost } from './known-hosts/judge.ts';

/** `strict` refuses a host that is not known; `accept-new` records it. Both refuse a key that changed. */
export type HostKeyPolicy = 'strict' | 'accept-new';

/** What decides about a host's key: fingerprints of the inventory alone, or known_hosts files. */
export type HostTrust =
  | { readonly kind: 'pins'; readonly pins: readonly string[] }
  | { readonly kind: 'files'; readonly known: KnownHost };

/** `new`: not known and accepted, to be recorded. */
export type KeyDecision =
  | KeyVerdict
  | { readonly kind: 'new' }
  | { readonly kind: 'pinned' }
  | { readonly kind: 'pin-mismatch' };

export function decideKey(trust: HostTrust, policy: HostKeyPolicy, key: Buffer): KeyDecision {
  if (trust.kind === 'files') {
    const verdict = judgeKey(trust.known, key);
    return verdict.kind === 'unknown' && policy === 'accept-new' ? { kind: 'new' } : verdict;
  }
  const offered = fingerprint(key);
  const pinned = trust.pins.some((pin) => pin.replace(/=+$/, '') === offered);
  return { kind: pinned ? 'pinned' : 'pin-mismatch' };
}

export function isAccepted(decision: KeyDecision): boolean {
  return decision.kind === 'known' || decision.kind === 'new' || decision.kind === 'pinned';
}

/**
 * The host key types to offer. For a known host only those it is known by: otherwise the server shows another of
 * its keys, and a sound host looks as if its key had changed. Empty: none of its keys can be verified here.
 */
export function typesToOffer(trust: HostTrust): string[] {
  if (trust.kind === 'pins' || trust.known.keys.length === 0) return allHostKeyTypes();
  return verifiableTypes(trust.known.keys.map((line) => line.type));
}

/**
 * ssh2 takes everything but the value `false` for a yes: a promise, `null`, `0`. Here only `true` is one,
 * and a verifier that throws says no.
 */
export function strictVerifier(verify: (key: Buffer) => unknown): (key: Buffer) => boolean {
  return (key) => {
    try {
      return verify(key) === true;
    } catch {
      return false;
    }
  };
}

export type SeenKey = { readonly key: Buffer; readonly decision: KeyDecision };

/** The verifier of one connection, and what it saw. */
export function watchKey(trust: HostTrust, policy: HostKeyPolicy) {
  let seen: SeenKey | undefined;
  return {
    verify: (key: Buffer): boolean => {
      // The host shows its key again when the session keys are renewed: then it has to be the same one.
      if (seen !== undefined) return isAccepted(seen.decision) && seen.key.equals(key);
      seen = { key: Buffer.from(key), decision: decideKey(trust, policy, key) };
      return isAccepted(seen.decision);
    },
    seen: () => seen,
  };
}
