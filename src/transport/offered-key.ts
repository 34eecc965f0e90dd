import type { Endpoint } from './endpoint.ts';
import type { SeenKey } from './host-key.ts';
import { fingerprint, keyType } from './key-blob.ts';
import { knownHostsName } from './known-hosts/match.ts';
import { knownHostsLine } from './known-hosts/record.ts';

/** A host key as a person compares and records it. */
export type OfferedKey = {
  /** The host, or the jump host, whose key it is. */
  readonly name: string;
  /** `ssh-ed25519` */
  readonly type: string;
  readonly fingerprint: string;
  /** A known_hosts file or the inventory has it already. */
  readonly known: boolean;
  /** The line for known_hosts, without a line end. */
  readonly line: string;
  /** The known_hosts file it belongs into. */
  readonly file: string;
};

/** The name a host goes by in known_hosts files. */
export function trustedName(at: Endpoint): string {
  return at.hostKeyAlias?.toLowerCase() ?? knownHostsName(at.address, at.port);
}

export function offeredKey(at: Endpoint, { key, decision }: SeenKey): OfferedKey {
  const file = at.knownHosts[0];
  if (file === undefined) throw new Error(`no known_hosts file for ${at.name}`);
  return {
    name: at.name,
    type: keyType(key) ?? 'unknown',
    fingerprint: fingerprint(key),
    known: decision.kind !== 'new',
    line: knownHostsLine(trustedName(at), key),
    file,
  };
}
