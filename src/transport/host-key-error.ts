import { ConnectError } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';
import type { HostTrust, SeenKey } from './host-key.ts';
import { fingerprint, keyType } from './key-blob.ts';
import type { KnownLine } from './known-hosts/parse.ts';
import { endpointText } from './names.ts';

/** The refusal of a host key. `host` is the host of the inventory, `at` it or a jump host on the way to it. */
export function hostKeyError(host: string, at: Endpoint, seen: SeenKey): ConnectError {
  const shown = `${keyType(seen.key) ?? 'unknown'} ${fingerprint(seen.key)}`;
  const who = whose(host, at);
  switch (seen.decision.kind) {
    case 'revoked':
      return new ConnectError(
        host,
        'hostkey-revoked',
        `${who}: its host key ${shown} is marked as revoked in ${place(seen.decision.line)}.`,
        { hint: 'Somebody declared this key stolen or void. The host needs a new one.' },
      );
    case 'changed':
      return new ConnectError(
        host,
        'hostkey-changed',
        `${who}: its host key has changed. It shows ${shown}; known is ${described(seen.decision.known)}.`,
        { hint: reinstalled(seen.decision.known, at) },
      );
    case 'pin-mismatch':
      return new ConnectError(
        host,
        'hostkey-changed',
        `${who}: its host key ${shown} is not what the inventory pins (${at.pins.join(', ')}).`,
        {
          hint: 'If the host was reinstalled, correct its host keys in the inventory. If not, somebody may be in between.',
        },
      );
    case 'unknown':
    case 'known':
    case 'new':
    case 'pinned':
      return new ConnectError(
        host,
        'hostkey-unknown',
        `${who}: its host key is not known. It shows ${shown}.`,
        {
          hint: `Compare this with what the console of the host shows, then: pdeploy hosts trust -l ${at.name}`,
        },
      );
  }
}

/** The host shows no key of a kind it is known by. */
export function otherKindError(host: string, at: Endpoint, known: readonly KnownLine[]): ConnectError {
  const why = `${whose(host, at)}: it shows no host key of the kinds it is known by, which are ${described(known)}.`;
  return new ConnectError(host, 'hostkey-changed', why, { hint: reinstalled(known, at) });
}

/** Why ssh2 cannot verify this host at all; `undefined` when it can. */
export function unverifiable(trust: HostTrust, offered: readonly string[]): string | undefined {
  if (trust.kind === 'pins') return undefined;
  const { keys, authorities } = trust.known;
  const [authority] = authorities;
  if (keys.length === 0 && authority !== undefined)
    return `only a host certificate vouches for it (${place(authority)})`;
  return offered.length === 0
    ? `it is known by host keys of other kinds only, which are ${described(keys)}`
    : undefined;
}

/** `edge-03 (deploy@198.51.100.7:22)`, with the jump host in between when it is about that. */
export function whose(host: string, at: Endpoint): string {
  const there = `${at.name} (${at.user}@${endpointText(at.address, at.port)})`;
  return host === at.name ? there : `${host}: jump host ${there}`;
}

function reinstalled(known: readonly KnownLine[], at: Endpoint): string {
  const lines = known.map(place).join(', ');
  return `If the host was reinstalled, remove ${lines}, then: pdeploy hosts trust -l ${at.name}. If not, somebody may be in between.`;
}

function described(lines: readonly KnownLine[]): string {
  return lines.map((line) => `${line.type} ${fingerprint(line.key)} (${place(line)})`).join(', ');
}

function place(line: KnownLine): string {
  return `${line.file}:${line.line}`;
}
