import { randomBytes } from 'node:crypto';
import { type Problem, UsageError } from '../../errors.ts';
import { decodeServer, drainRequest } from '../../host/verbs/drain.ts';
import { type Drain, drainName } from '../../model/drain.ts';
import type { HostName } from '../../model/host.ts';
import type { Inventory } from '../../model/inventory.ts';
import type { Plan } from '../../model/plan.ts';
import { groupNames } from '../../util/group-names.ts';
import type { Fleet } from '../fleet.ts';
import type { Judge } from '../judges.ts';
import { describe } from '../lease.ts';
import type { Made } from '../made.ts';
import { balancerHosts } from './balancer-hosts.ts';
import { targetsOf } from './targets.ts';

/** How the instances of each host are taken out of traffic, by instance name. */
export type FleetDrains = ReadonlyMap<HostName, ReadonlyMap<string, readonly Drain[]>>;

/**
 * The drains of a playbook, with hosts in place of groups.
 * @throws UsageError PD2151 when a balancer is neither a host nor a group of the inventory
 */
export function drainsOf(inventory: Inventory, judges: ReadonlyMap<HostName, Judge>): FleetDrains {
  const problems = new Map<string, Problem>();
  const hostsOf = balancerHosts(inventory, 'haproxy()', problems);
  const resolved = (drain: Drain): Drain =>
    drain.kind === 'haproxy'
      ? { ...drain, balancers: [...new Set(drain.balancers.flatMap(hostsOf))] }
      : drain;
  const result = new Map(
    [...judges].map(([host, { service }]) => [
      host,
      new Map([...service.drain].map(([instance, drains]) => [instance, drains.map(resolved)])),
    ]),
  );
  if (problems.size > 0) throw new UsageError([...problems.values()]);
  return result;
}

/** A plan that drains. Every balancer is asked whether it could, and what stands in the way refuses the plan. */
export async function withDrains(made: Made, drains: FleetDrains, fleet: Fleet): Promise<Made> {
  const targets = new Map(
    [...made.targets].map(([host, target]) => {
      const own = drains.get(host);
      return [host, own === undefined ? target : { ...target, drains: own }];
    }),
  );
  const used = usedDrains(made.plan, drains);
  if (used.length === 0) return { ...made, targets };
  const through = [...new Set(used.flatMap(({ drain }) => names(drain)))];
  const drain = {
    through: groupNames(through),
    waitMs: Math.max(...used.map((u) => u.drain.waitMs)),
    leastMs: Math.max(0, ...used.map(({ drain: { kind, waitMs } }) => (isWaitedFor(kind) ? waitMs : 0))),
  };
  const problems = await unable(made.plan.service, used, fleet);
  return { ...made, targets, plan: { ...made.plan, drain }, problems: [...made.problems, ...problems] };
}

/** Nobody says when no request is left, so all of the time is waited. */
function isWaitedFor(kind: Drain['kind']): boolean {
  return kind === 'file' || kind === 'http';
}

type Used = { readonly host: HostName; readonly instance: string; readonly drain: Drain };

function usedDrains(plan: Plan, drains: FleetDrains): readonly Used[] {
  return plan.hosts.flatMap(({ host, instances }) =>
    instances
      .filter((i) => i.action === 'restart')
      .flatMap(({ name }) =>
        (drains.get(host)?.get(name) ?? []).map((drain) => ({ host, instance: name, drain })),
      ),
  );
}

/** What belongs to one instance alone is not named. */
function names(drain: Drain): readonly string[] {
  if (drain.kind === 'haproxy') return drain.balancers.map((b) => `haproxy ${b}`);
  return drain.kind === 'file' ? ['readiness file'] : [drainName(drain)];
}

const DEADLINE_MS = 15_000;
/** One that answered as that nobody answers says so for all of its servers. */
const UNREACHABLE = 'PD3060';

async function unable(service: string, used: readonly Used[], fleet: Fleet): Promise<Made['problems']> {
  const asks = used.flatMap(({ host, instance, drain }) => targetsOf(host, instance, drain));
  const byHost = Map.groupBy(asks, (ask) => ask.on);
  const jobs = [...byHost].map(async ([on, targets]) => {
    const problems: Made['problems'][number][] = [];
    for (const { target } of targets) {
      const opId = `drain-${randomBytes(6).toString('hex')}`;
      const request = drainRequest({ opId, service, target, action: 'check' });
      const result = await fleet.link(on).call(request, { deadlineMs: DEADLINE_MS, retryForMs: 3_000 });
      const what = target.kind === 'file' ? `cannot be drained by ${target.path}` : 'cannot drain';
      if (result.kind === 'ok' && (target.kind === 'file' || decodeServer(result.lines) !== undefined))
        continue;
      if (result.kind !== 'error') {
        problems.push({ host: on, code: UNREACHABLE, message: `${on} ${what}: ${describe(result)}` });
        break;
      }
      problems.push({ host: on, code: 'PD3061', message: `${on} ${what}: ${describe(result)}` });
    }
    return problems;
  });
  return (await Promise.all(jobs)).flat();
}
