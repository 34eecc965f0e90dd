import type { Cordon } from '../model/host.ts';
import type { HostPlan, Plan } from '../model/plan.ts';
import { planHost } from './host-plan.ts';
import type { PlanInput } from './input.ts';
import { previousRelease } from './previous.ts';
import { mergeStrategy } from './strategy.ts';
import { cutWaves } from './waves.ts';

/** Puts a plan together from what was compiled and what was observed. Equal input gives an equal plan. */
export function assemble(input: PlanInput): Plan {
  const strategy = mergeStrategy(input.strategy.playbook, input.strategy.flags);
  const hosts: HostPlan[] = [];
  const cordoned: Plan['cordoned'][number][] = [];
  const unreachable: Plan['unreachable'][number][] = [];
  for (const { host, seen } of input.hosts) {
    if (host.cordon !== undefined && isCordoned(host.cordon, input.createdAt)) {
      cordoned.push({ host: host.name, cordon: host.cordon });
    } else if (seen.kind === 'observed') {
      hosts.push(planHost(host, input.service, seen.observation, seen.compiled, input.sha256));
    } else {
      const why = seen.kind === 'unreachable' ? seen.why : 'it was not asked';
      unreachable.push({ host: host.name, why });
    }
  }
  return {
    version: 1,
    id: input.id,
    createdAt: input.createdAt,
    service: input.service,
    playbook: input.playbook,
    inventory: input.inventory,
    release: input.release,
    previous: previousRelease(hosts, input.hosts, input.records),
    strategy,
    hosts,
    waves: cutWaves(
      hosts.flatMap((h) => h.instances),
      strategy,
    ),
    cordoned,
    unreachable,
    ...(input.warnings === undefined || input.warnings.length === 0 ? {} : { warnings: input.warnings }),
  };
}

/** `until` is the last day on which the host is kept out. */
export function isCordoned(cordon: Cordon, now: string): boolean {
  return cordon.until === undefined || now.slice(0, 10) <= cordon.until.slice(0, 10);
}
