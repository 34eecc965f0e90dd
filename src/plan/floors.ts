import type { InstancePlan, Plan } from '../model/plan.ts';
import { healthyFloor } from '../model/strategy.ts';

/** How many instances of one failure domain must stay healthy, in absolute numbers. */
export type DomainFloor = {
  /** `zone b`, `the fleet`, `what has no zone` */
  readonly label: string;
  readonly name: string;
  readonly total: number;
  readonly floor: number;
  readonly instances: readonly InstancePlan[];
};

export function floorsOf(plan: Plan): readonly DomainFloor[] {
  const rule = plan.strategy.minHealthyPerDomain;
  if (rule === undefined) return [];
  const { domain, amount } = rule;
  const groups = Map.groupBy(plan.hosts, (h) => (domain === 'fleet' ? '' : (h[domain] ?? '')));
  return [...groups]
    .map(([name, hosts]) => {
      const instances = hosts.flatMap((h) => h.instances);
      const total = instances.length;
      const label =
        domain === 'fleet' ? 'the fleet' : name === '' ? `what has no ${domain}` : `${domain} ${name}`;
      return { label, name, total, floor: healthyFloor(amount, total), instances };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
