import type { HostName } from '../model/host.ts';
import type { Inventory } from '../model/inventory.ts';
import { drainsOf, type FleetDrains, withDrains } from './drain/preflight.ts';
import type { Fleet } from './fleet.ts';
import type { Judge } from './judges.ts';
import type { Made } from './made.ts';
import { type FleetThroughs, throughsOf, withThroughs } from './through/fronts.ts';

/** What a playbook says of the ways by which clients reach the instances. */
export type Traffic = { readonly drains: FleetDrains; readonly throughs: FleetThroughs };

/** @throws UsageError PD2151, PD2152 */
export function trafficOf(inventory: Inventory, judges: ReadonlyMap<HostName, Judge>): Traffic {
  return { drains: drainsOf(inventory, judges), throughs: throughsOf(inventory, judges) };
}

/** The plan with its traffic in it, and what of that stands in its way. */
export async function withTraffic(made: Made, traffic: Traffic, fleet: Fleet): Promise<Made> {
  return await withThroughs(await withDrains(made, traffic.drains, fleet), traffic.throughs);
}
