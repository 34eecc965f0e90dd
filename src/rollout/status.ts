import type { DeploymentState, HostState, InstanceState, InstanceStatus } from './state.ts';

const IN_FLIGHT: ReadonlySet<InstanceStatus> = new Set([
  'updating',
  'verifying',
  'healthy',
  'rechecking',
  'reverting',
]);
const UNTOUCHED: ReadonlySet<InstanceStatus> = new Set(['current', 'pending', 'skipped']);

/** Something is being done to it at this moment. */
export function isInFlight(instance: InstanceState): boolean {
  return IN_FLIGHT.has(instance.status);
}

/** This deployment has changed it or may have. */
export function isTouched(instance: InstanceState): boolean {
  return !UNTOUCHED.has(instance.status);
}

/** It was touched and runs what it ran before. */
export function isBack(instance: InstanceState): boolean {
  if (instance.status === 'reverted') return true;
  if (instance.status === 'failed') return instance.restored;
  return instance.status === 'committed' && instance.from === instance.to;
}

/** It runs another release than before, or nobody knows what it runs since it failed. */
export function needsRevert(instance: InstanceState): boolean {
  if (instance.status === 'failed') return !instance.restored;
  return instance.status === 'committed' && instance.from !== instance.to;
}

/** As far as the events tell, it serves: neither broken before, nor in flight, nor on a host that cannot be reached. */
export function isHealthy(state: DeploymentState, instance: InstanceState): boolean {
  const host = state.hosts.get(instance.host);
  if (host !== undefined && isAway(host)) return false;
  switch (instance.status) {
    case 'current':
    case 'pending':
    case 'reverted':
      return !instance.broken;
    case 'failed':
      return instance.restored && !instance.broken;
    case 'committed':
      return true;
    default:
      return false;
  }
}

/** It could not be reached, and no later try has succeeded. */
function isAway(host: HostState): boolean {
  return host.unreachable || host.retry || host.status === 'deferred' || host.status === 'skipped';
}

/** Hosts and instances that something is being done to. */
export function anythingInFlight(state: DeploymentState): boolean {
  for (const host of state.hosts.values()) if (host.status === 'preparing') return true;
  for (const instance of state.instances.values()) if (isInFlight(instance)) return true;
  return false;
}

export function instancesOf(state: DeploymentState): readonly InstanceState[] {
  return [...state.instances.values()];
}

/** The canary is done and a person has to say that the rest may follow. */
export function awaitsPromotion(state: DeploymentState): boolean {
  if (!state.awaitingPromotion || state.finished !== undefined || state.rollback !== undefined) return false;
  return instancesOf(state).some((i) => i.status === 'pending');
}
