import type { HealthCheck } from '../model/health.ts';
import type { HostName, InstanceId } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import type { Drains } from './drain/drains.ts';
import type { Fleet } from './fleet.ts';
import type { Leases } from './lease.ts';
import type { Recorder } from './recorder.ts';
import type { HostTarget, Located } from './target.ts';
import type { Trials } from './trials.ts';

/** A release as a health check names it. */
export type ReleaseIds = { readonly release: string; readonly label: string };

/** How the release that an instance had before is judged when it comes back. */
export type FormerRelease = {
  readonly binary: string;
  readonly ids: ReleaseIds;
  readonly health: (instance: string) => HealthCheck | undefined;
};

/** What the jobs of one deployment share. */
export type DeploymentContext = {
  readonly plan: Plan;
  readonly fleet: Fleet;
  readonly leases: Leases;
  readonly recorder: Recorder;
  readonly trials: Trials;
  readonly drains: Drains;
  readonly targets: ReadonlyMap<HostName, HostTarget>;
  readonly former: (host: HostName, digest: string) => FormerRelease;
  /** Tools of a host that pdeploy can use. */
  readonly tools: (host: HostName) => readonly string[];
  /** Second Ctrl-C: every call ends at once. */
  readonly gone: AbortSignal;
};

export function locate(context: DeploymentContext, id: InstanceId): Located {
  for (const host of context.plan.hosts) {
    const instance = host.instances.find((i) => i.id === id);
    const target = context.targets.get(host.host);
    if (instance !== undefined && target !== undefined) return { host, instance, target };
  }
  throw new Error(`instance ${id} is not in the plan`);
}

/** Names one operation for good: the agent answers the same for the same id. */
export function operationId(context: DeploymentContext, id: InstanceId): string {
  const index = context.plan.hosts.flatMap((h) => h.instances).findIndex((i) => i.id === id);
  return `${context.recorder.deployment}-${index}-${context.recorder.now()}`;
}
