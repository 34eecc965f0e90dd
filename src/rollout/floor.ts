import { healthyFloor } from '../model/strategy.ts';
import type { DeploymentState, InstanceState } from './state.ts';
import { instancesOf, isHealthy } from './status.ts';

type Domain = { readonly label: string; readonly total: number; readonly floor: number; healthy: number };

/** Who may be taken down without going below the minimum of healthy instances in its zone, region or the fleet. */
export type Floor = {
  /** Takes it down in this reckoning, unless that would break the minimum. What is down already may always be touched. */
  readonly take: (instance: InstanceState) => boolean;
  /** Why `take` refused, for people. */
  readonly why: (instance: InstanceState) => string;
};

export function openFloor(state: DeploymentState): Floor {
  const rule = state.input.strategy.minHealthyPerDomain;
  if (rule === undefined) return { take: () => true, why: () => '' };
  const key = (i: InstanceState): string =>
    rule.domain === 'fleet' ? '' : (state.hosts.get(i.host)?.[rule.domain] ?? '');
  const domains = new Map<string, Domain>();
  const members = Map.groupBy(instancesOf(state), key);
  for (const [name, all] of members) {
    domains.set(name, {
      label: labelOf(rule.domain, name),
      total: all.length,
      floor: healthyFloor(rule.amount, all.length),
      healthy: all.filter((i) => isHealthy(state, i)).length,
    });
  }
  return {
    take: (i) => {
      const domain = domains.get(key(i));
      if (domain === undefined || !isHealthy(state, i)) return true;
      if (domain.healthy - 1 < domain.floor) return false;
      domain.healthy -= 1;
      return true;
    },
    why: (i) => {
      const d = domains.get(key(i));
      if (d === undefined) return '';
      return `${d.label} must keep ${d.floor} of ${d.total} instances healthy and has ${d.healthy}: ${i.id} cannot be taken down`;
    },
  };
}

function labelOf(domain: 'zone' | 'region' | 'fleet', name: string): string {
  if (domain === 'fleet') return 'the fleet';
  return name === '' ? `what has no ${domain}` : `${domain} ${name}`;
}
