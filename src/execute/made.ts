import { randomBytes } from 'node:crypto';
import type { Observation } from '../model/facts.ts';
import type { Host, HostName } from '../model/host.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Plan, PlanWarning } from '../model/plan.ts';
import type { Release, ReleaseRecord } from '../model/release.ts';
import type { Strategy } from '../model/strategy.ts';
import { assemble } from '../plan/assemble.ts';
import type { PlanHost } from '../plan/input.ts';
import { sha256 } from '../util/digest.ts';
import type { FormerRelease } from './deployment-context.ts';
import type { Fleet } from './fleet.ts';
import type { Observed } from './observe.ts';
import type { HostTarget } from './target.ts';
import { planWithoutSecrets } from './without-secrets.ts';

/** What every plan is made from, whatever it is to do. */
export type PlanBasis = {
  readonly service: string;
  readonly inventory: Inventory;
  readonly git: string;
  readonly playbook: Plan['playbook'];
  readonly strategy: { readonly playbook: Partial<Strategy>; readonly flags: Partial<Strategy> };
  readonly records: readonly ReleaseRecord[];
  /** All selected hosts of the service in the order of the inventory, cordoned ones too. */
  readonly hosts: readonly Host[];
  readonly fleet: Fleet;
};

/** A plan and all that is needed to perform it. */
export type Made = {
  readonly plan: Plan;
  readonly targets: ReadonlyMap<HostName, HostTarget>;
  readonly observations: ReadonlyMap<HostName, Observation>;
  readonly former: (host: HostName, digest: string) => FormerRelease;
  readonly tools: (host: HostName) => readonly string[];
  /** Where the release cannot run on a host: architecture, C library. Exit 3 before anything is touched. */
  readonly problems: readonly { readonly host: HostName; readonly code: string; readonly message: string }[];
};

/** The plan itself, fit to be stored and shown. */
export function assemblePlan(
  basis: PlanBasis,
  release: Release,
  hosts: readonly PlanHost[],
  more: { readonly strategy?: PlanBasis['strategy']; readonly warnings?: readonly PlanWarning[] } = {},
): Plan {
  return planWithoutSecrets(
    assemble({
      id: `p-${randomBytes(4).toString('hex')}`,
      createdAt: new Date().toISOString(),
      service: basis.service,
      playbook: basis.playbook,
      inventory: { name: basis.inventory.name, file: basis.inventory.file, git: basis.git },
      release,
      hosts,
      strategy: basis.strategy,
      records: basis.records,
      sha256,
      ...more,
    }),
  );
}

/** A host of which there is nothing to compare: nobody asked it, or it did not answer. */
export function unseen(host: Host, look: Exclude<Observed, { kind: 'observed' }> | undefined): PlanHost {
  if (look === undefined) return { host, seen: { kind: 'unseen' } };
  return { host, seen: { kind: 'unreachable', why: look.why } };
}

/** What was seen, by host; who could not be reached is in the first only. */
export function byHost(observed: readonly Observed[]): {
  readonly seen: ReadonlyMap<HostName, Observed>;
  readonly observations: ReadonlyMap<HostName, Observation>;
} {
  const observations = new Map<HostName, Observation>();
  for (const one of observed) if (one.kind === 'observed') observations.set(one.host, one.observation);
  return { seen: new Map(observed.map((one) => [one.host, one])), observations };
}

/** Tools that pdeploy can use, by host. */
export function toolsOf(observations: ReadonlyMap<HostName, Observation>): Made['tools'] {
  return (host) => observations.get(host)?.facts.tools ?? [];
}
