import type { HostPlan, Plan } from '../model/plan.ts';
import type { RolloutHost, RolloutInput } from '../model/rollout.ts';

/** The part of a plan that the rollout works on. */
export function rolloutInput(plan: Plan, deployment: string): RolloutInput {
  return {
    deployment,
    release: { from: plan.previous.id, to: plan.release.id },
    strategy: plan.strategy,
    hosts: plan.hosts.map(rolloutHost),
    instances: plan.hosts.flatMap((h) =>
      h.instances.map(({ id, host, from, to, action, broken }) => ({ id, host, from, to, action, broken })),
    ),
    waves: plan.waves,
    epoch: 0,
  };
}

function rolloutHost(plan: HostPlan): RolloutHost {
  return {
    name: plan.host,
    ...(plan.zone === undefined ? {} : { zone: plan.zone }),
    ...(plan.region === undefined ? {} : { region: plan.region }),
    ...(isIdle(plan) ? { idle: true as const } : {}),
  };
}

/** Nothing on it is to be changed. */
export function isIdle(plan: HostPlan): boolean {
  return (
    plan.bytesToSend === 0 &&
    plan.changes.every((c) => c.action === 'same') &&
    plan.instances.every((i) => i.action === 'nothing')
  );
}
