import { writeFile } from 'node:fs/promises';

import { addressIn, SUBNETS, subnetOf } from './address.ts';
import { LAB_CODE, labBroken, labRefused } from './errors.ts';
import { mustRun, run } from './run.ts';

type Link = { readonly ifname: string; readonly address?: string; readonly master?: string };
type LinkAddresses = { readonly ifname: string; readonly addr_info?: readonly { readonly local?: string }[] };
type Route = { readonly dst?: string };

export function bridgeName(subnet: number): string {
  return `pdlab${subnet}`;
}

/** The bridge's hardware address says whose it is: it is locally administered and made of the lab's id. */
export function bridgeMac(labId: string): string {
  return ['02', ...Array.from({ length: 5 }, (_, i) => labId.slice(2 * i, 2 * i + 2))].join(':');
}

async function ipJson<T>(...args: readonly string[]): Promise<readonly T[]> {
  const text = await mustRun('ip', ['-j', ...args]);
  return text.trim() === '' ? [] : (JSON.parse(text) as T[]);
}

async function takenSubnets(): Promise<ReadonlySet<number>> {
  const [links, routes] = await Promise.all([
    ipJson<LinkAddresses>('-4', 'addr', 'show'),
    ipJson<Route>('-4', 'route', 'show'),
  ]);
  const addresses = [
    ...links.flatMap((link) => (link.addr_info ?? []).map((info) => info.local ?? '')),
    ...routes.map((route) => route.dst ?? ''),
  ];
  return new Set(addresses.map(subnetOf).filter((subnet) => subnet !== undefined));
}

/** The lab's bridges that exist now: one, or none. */
export async function labBridges(labId: string): Promise<readonly string[]> {
  const links = await ipJson<Link>('link', 'show', 'type', 'bridge');
  return links.filter((link) => link.address === bridgeMac(labId)).map((link) => link.ifname);
}

/** False when some other bridge has the name: the kernel makes the choice, so two labs cannot both get it. */
async function createBridge(subnet: number, labId: string): Promise<boolean> {
  const name = bridgeName(subnet);
  const made = await run('ip', [
    'link',
    'add',
    name,
    'address',
    bridgeMac(labId),
    'type',
    'bridge',
    'forward_delay',
    '0',
  ]);
  if (made.code === 0) return true;
  if (made.stderr.includes('File exists')) return false;
  throw labBroken(LAB_CODE.network, `The bridge ${name} could not be made: ${made.stderr.trim()}`);
}

async function configureBridge(subnet: number): Promise<void> {
  const name = bridgeName(subnet);
  await writeFile(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1').catch(() => undefined);
  await mustRun('ip', ['addr', 'replace', `${addressIn(subnet, 1)}/24`, 'dev', name]);
  await mustRun('ip', ['link', 'set', name, 'up']);
}

/**
 * Makes the lab's bridge, or finds it. Starts looking for a free /24 at `wanted` and gives back the one it got.
 * @throws PdeployError PD6009
 */
export async function ensureBridge(labId: string, wanted: number): Promise<number> {
  const [own] = await labBridges(labId);
  if (own !== undefined) {
    const subnet = Number(own.slice('pdlab'.length));
    await configureBridge(subnet);
    return subnet;
  }
  const taken = await takenSubnets();
  for (let step = 0; step < SUBNETS; step++) {
    const subnet = (wanted + step) % SUBNETS;
    if (taken.has(subnet) || !(await createBridge(subnet, labId))) continue;
    await configureBridge(subnet);
    return subnet;
  }
  throw labRefused(
    LAB_CODE.network,
    'No /24 of 198.18.0.0/15 is free.',
    'See `ip addr`, and end labs that nobody needs.',
  );
}

/** Removes a link; its other end goes with it. Nothing happens when there is none. */
export async function removeLink(name: string): Promise<void> {
  await run('ip', ['link', 'del', name]);
}

/** Removes the lab's bridges and every link on them. */
export async function removeBridges(labId: string): Promise<void> {
  for (const bridge of await labBridges(labId)) {
    const members = await ipJson<Link>('link', 'show', 'master', bridge);
    for (const member of members) await removeLink(member.ifname);
    await removeLink(bridge);
  }
}

/** Links whose name begins so, on the machine's side. */
export async function linksNamed(prefix: string): Promise<readonly string[]> {
  const links = await ipJson<Link>('link', 'show');
  return links.map((link) => link.ifname).filter((name) => name.startsWith(prefix));
}
