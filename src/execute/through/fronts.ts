import { type Problem, UsageError } from '../../errors.ts';
import type { HostName } from '../../model/host.ts';
import type { Inventory } from '../../model/inventory.ts';
import type { Plan } from '../../model/plan.ts';
import {
  type Front,
  hostOfUrl,
  portOfUrl,
  shownUrl,
  type Through,
  type ThroughFronts,
} from '../../model/through.ts';
import { balancerHosts } from '../drain/balancer-hosts.ts';
import type { Judge } from '../judges.ts';
import type { Made } from '../made.ts';

/** Through what the instances of each host are asked, by instance name; an instance may have none. */
export type FleetThroughs = ReadonlyMap<HostName, ReadonlyMap<string, ThroughFronts>>;

/**
 * What health checks ask through balancers, with addresses in place of names.
 * @throws UsageError PD2151 when a balancer is neither a host nor a group, PD2152 when two instances say the same of themselves
 */
export function throughsOf(inventory: Inventory, judges: ReadonlyMap<HostName, Judge>): FleetThroughs {
  const problems = new Map<string, Problem>();
  const hostsOf = balancerHosts(inventory, 'health.through', problems);
  const who = new Map<string, string>();
  const result = new Map<HostName, ReadonlyMap<string, ThroughFronts>>();
  for (const [host, { service }] of judges) {
    const own = new Map<string, ThroughFronts>();
    for (const [instance, { through }] of service.health) {
      if (through === undefined) continue;
      own.set(instance, { ...through, fronts: frontsOf(through, inventory, hostsOf) });
      const id = `${host}@${instance}`;
      const said = JSON.stringify(through.instance);
      const other = who.get(said);
      if (other !== undefined) problems.set(said, notAlone(through, other, id));
      else who.set(said, id);
    }
    result.set(host, own);
  }
  if (problems.size > 0) throw new UsageError([...problems.values()]);
  return result;
}

function notAlone({ instance }: Through, one: string, other: string): Problem {
  return {
    code: 'PD2152',
    message: `health.through: ${one} and ${other} could not be told apart, both are ${instance.is} in ${instance.in}`,
    hint: 'expect.instance.is has to name the host and the instance: i.id does, for one',
  };
}

function frontsOf(
  through: Through,
  inventory: Inventory,
  hostsOf: (name: string) => readonly HostName[],
): readonly Front[] {
  const port = portOfUrl(through.url);
  if (through.balancers.length === 0)
    return [{ name: new URL(through.url).host, address: hostOfUrl(through.url), port }];
  return [...new Set(through.balancers.flatMap(hostsOf))].flatMap((name) => {
    const host = inventory.hosts.get(name);
    return host === undefined ? [] : [{ name, address: host.connection.address, port }];
  });
}

/** A plan whose instances are asked through balancers. One that nobody could ask from here refuses the plan. */
export async function withThroughs(made: Made, throughs: FleetThroughs): Promise<Made> {
  const targets = new Map(
    [...made.targets].map(([host, target]) => {
      const own = throughs.get(host);
      return [host, own === undefined || own.size === 0 ? target : { ...target, throughs: own }];
    }),
  );
  const used = usedThroughs(made, throughs);
  if (used.length === 0) return { ...made, targets };
  const names = [...new Set(used.flatMap((t) => t.fronts.map((front) => front.name)))];
  const through = { by: names.join(', '), withinMs: Math.max(...used.map((t) => t.withinMs)) };
  const problems = isServing(made.plan) ? await unreached(used) : [];
  return { ...made, targets, plan: { ...made.plan, through }, problems: [...made.problems, ...problems] };
}

function usedThroughs({ plan, targets }: Made, throughs: FleetThroughs): readonly ThroughFronts[] {
  return plan.hosts.flatMap(({ host, instances }) =>
    instances.flatMap(({ action, name }) => {
      const through = throughs.get(host)?.get(name);
      const asks = targets.get(host)?.health.get(name)?.through !== undefined;
      return through === undefined || !asks || action === 'nothing' ? [] : [through];
    }),
  );
}

/** Where nothing runs yet nothing has to answer. */
function isServing(plan: Plan): boolean {
  return plan.hosts.some((host) => host.instances.some((i) => i.from !== '' && !i.broken));
}

const TRIES = 3;

async function unreached(used: readonly ThroughFronts[]): Promise<Made['problems']> {
  // As with outside probes: few need node:http, and loading it takes a tenth of the start.
  const { askThrough } = await import('./ask.ts');
  const asks = new Map(
    used.flatMap((t) => t.fronts.map((front) => [`${t.url} ${front.name}`, { t, front }])),
  );
  const jobs = [...asks.values()].map(async ({ t, front }) => {
    let why = '';
    for (let n = 0; n < TRIES; n += 1) {
      const raw = await askThrough(t, front, AbortSignal.timeout(t.timeoutMs));
      if (raw.status > 0) return [];
      why = raw.error;
    }
    const message = `${front.name} does not answer ${shownUrl(t.url)} when asked from here: ${why}`;
    return [{ host: front.name, code: 'PD3062', message }];
  });
  return (await Promise.all(jobs)).flat();
}
