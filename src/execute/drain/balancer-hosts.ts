import type { Problem } from '../../errors.ts';
import type { HostName } from '../../model/host.ts';
import type { Inventory } from '../../model/inventory.ts';

/** Gives the hosts that a name in `balancers` means. PD2151 goes to `problems` when there are none. */
export function balancerHosts(
  inventory: Inventory,
  where: string,
  problems: Map<string, Problem>,
): (name: string) => readonly HostName[] {
  return (name) => {
    if (inventory.hosts.has(name)) return [name];
    const members = inventory.groups.get(name) ?? [];
    if (members.length === 0)
      problems.set(name, {
        code: 'PD2151',
        message: `${where}: ${name} is neither a host nor a group with hosts in ${inventory.file}`,
        hint: 'balancers are hosts of the inventory, reached like any other; no service has to run on them',
      });
    return members;
  };
}
