import type { Host } from '../../model/host.ts';
import { canonicalAddress, endpoint } from '../address.ts';
import { CODE } from '../codes.ts';
import type { Build } from './build.ts';
import type { HostDraft } from './hosts.ts';

/**
 * Two names for one machine would break "one instance at a time". Private addresses may repeat behind different
 * jump hosts: those are different machines.
 */
export function refuseSameAddress(
  build: Build,
  hosts: ReadonlyMap<string, Host>,
  drafts: ReadonlyMap<string, HostDraft>,
): void {
  const seen = new Map<string, Host[]>();
  for (const host of hosts.values()) {
    const key = endpoint(canonicalAddress(host.connection.address), host.connection.port);
    const others = seen.get(key) ?? [];
    const twin = others.find((other) => !differentNetworks(other, host));
    if (twin !== undefined) {
      build.clash(CODE.sameAddress, `two hosts have the same address ${key}`, [
        placeOf(twin, drafts),
        placeOf(host, drafts),
      ]);
    }
    // Only different last hops are kept apart, so the list stays as short as there are bastions.
    else seen.set(key, [...others, host]);
  }
}

function differentNetworks(a: Host, b: Host): boolean {
  const [first, second] = [a.connection.jump.at(-1), b.connection.jump.at(-1)];
  return first !== undefined && second !== undefined && first.name !== second.name;
}

function placeOf(host: Host, drafts: ReadonlyMap<string, HostDraft>) {
  const draft = drafts.get(host.name);
  const path = draft?.path ?? [];
  if (draft?.address === undefined) return { path, side: draft?.side ?? 'key', name: host.name } as const;
  return { path: [...path, 'address'], name: host.name } as const;
}
