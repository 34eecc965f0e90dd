import { UsageError } from '../errors.ts';
import { drainsOf } from '../execute/drain/preflight.ts';
import { judgesOf } from '../execute/judges.ts';
import type { BalancerGrant } from '../host/privileges/grant.ts';
import type { HostName } from '../model/host.ts';
import type { Inventory } from '../model/inventory.ts';
import { findPlaybook } from '../playbook/find.ts';
import { loadPlaybook } from '../playbook/load.ts';
import { withPlaceholders } from '../secrets/fill-in.ts';

/** What the playbook of the rollout drains at which host, for all services; undefined when it does not compile. */
export async function balancersOf(
  inventory: Inventory,
  project: string,
): Promise<ReadonlyMap<HostName, readonly BalancerGrant[]> | undefined> {
  const found = new Map<HostName, Map<string, BalancerGrant>>();
  try {
    const loaded = await loadPlaybook(findPlaybook('rollout', project));
    const { playbook, hosts } = withPlaceholders(loaded.playbook, [...inventory.hosts.values()]);
    for (const service of inventory.services) {
      const running = hosts.filter((host) => host.instances.some((i) => i.service === service));
      const drains = drainsOf(inventory, judgesOf(playbook, service, running));
      for (const drain of [...drains.values()].flatMap((instances) => [...instances.values()].flat())) {
        if (drain.kind !== 'haproxy') continue;
        const { socket, backend } = drain;
        for (const host of drain.balancers) {
          const own = found.get(host) ?? new Map<string, BalancerGrant>();
          found.set(host, own.set(`${service} ${socket} ${backend}`, { service, socket, backend }));
        }
      }
    }
  } catch (error) {
    // What is wrong with the playbook says plan.
    if (!(error instanceof UsageError)) throw error;
    return undefined;
  }
  return new Map([...found].map(([host, grants]) => [host, [...grants.values()]]));
}
