import type { Host } from '../model/host.ts';
import { type Endpoint, routeTo } from './endpoint.ts';
import { typesToOffer } from './host-key.ts';
import { unverifiable } from './host-key-error.ts';
import { needsOpensshKey } from './identities.ts';
import { knownHost } from './known-hosts/judge.ts';
import type { KnownHostsReader } from './known-hosts/load.ts';
import { trustedName } from './offered-key.ts';
import type { SshConfigReader } from './ssh-config.ts';

export type ChooseOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly sshConfigOf: SshConfigReader;
  readonly readKnownHosts: KnownHostsReader;
};

export type Choice = { readonly kind: 'ssh2' } | { readonly kind: 'openssh'; readonly why: string };

/** The transport a host needs. Rejects with ConnectError when the way to it cannot be understood. */
export async function chooseTransport(host: Host, options: ChooseOptions): Promise<Choice> {
  if (host.connection.transport === 'ssh2') return { kind: 'ssh2' };
  const why = await reasonForOpenssh(host, options);
  return why === undefined ? { kind: 'ssh2' } : { kind: 'openssh', why };
}

async function reasonForOpenssh(host: Host, options: ChooseOptions): Promise<string | undefined> {
  const route = await routeTo(host, options);
  if (route.needsOpenssh !== undefined) return route.needsOpenssh;
  for (const at of [...route.jump, route.target]) {
    const reason = (await keysOf(at)) ?? (await hostKeysOf(at, options));
    if (reason !== undefined) return reason;
  }
  return undefined;
}

async function keysOf(at: Endpoint): Promise<string | undefined> {
  const reasons = await Promise.all(at.identityFiles.map(needsOpensshKey));
  return at.identitiesOnly && reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
}

async function hostKeysOf(at: Endpoint, options: ChooseOptions): Promise<string | undefined> {
  if (at.pins.length > 0) return undefined;
  const known = knownHost(await options.readKnownHosts(at.knownHosts), trustedName(at));
  const trust = { kind: 'files', known } as const;
  return unverifiable(trust, typesToOffer(trust));
}
