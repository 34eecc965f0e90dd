import { namesMatch } from './match.ts';
import type { KnownLine } from './parse.ts';

/** What the known_hosts files say about one host, cut down to its lines. */
export type KnownHost = {
  readonly name: string;
  readonly keys: readonly KnownLine[];
  readonly revoked: readonly KnownLine[];
  readonly authorities: readonly KnownLine[];
};

export type KeyVerdict =
  | { readonly kind: 'known'; readonly line: KnownLine }
  | { readonly kind: 'revoked'; readonly line: KnownLine }
  | { readonly kind: 'changed'; readonly known: readonly KnownLine[] }
  | { readonly kind: 'unknown' };

export function knownHost(lines: readonly KnownLine[], name: string): KnownHost {
  const mine = lines.filter((line) => namesMatch(line.names, name));
  return {
    name,
    keys: mine.filter((line) => line.marker === 'none'),
    revoked: mine.filter((line) => line.marker === 'revoked'),
    authorities: mine.filter((line) => line.marker === 'cert-authority'),
  };
}

/** Revocation is asked first: a key that is both listed and revoked is revoked. */
export function judgeKey(host: KnownHost, key: Buffer): KeyVerdict {
  const revoked = host.revoked.find((line) => line.key.equals(key));
  if (revoked !== undefined) return { kind: 'revoked', line: revoked };
  const known = host.keys.find((line) => line.key.equals(key));
  if (known !== undefined) return { kind: 'known', line: known };
  return host.keys.length > 0 ? { kind: 'changed', known: host.keys } : { kind: 'unknown' };
}

/** Only host certificates can vouch for this host, which ssh2 cannot check. */
export function onlyAuthorities(host: KnownHost): boolean {
  return host.keys.length === 0 && host.authorities.length > 0;
}
