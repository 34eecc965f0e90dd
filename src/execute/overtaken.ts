import { RefusedError } from '../errors.ts';
import type { Event } from '../model/event.ts';
import type { Observation } from '../model/facts.ts';
import type { HostName } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import { shortId } from '../model/release.ts';
import { rolloutInput } from '../plan/rollout-input.ts';
import { start } from '../rollout/start.ts';
import type { InstanceState } from '../rollout/state.ts';
import { transition } from '../rollout/transition.ts';

/**
 * Before a resume: everything that was begun is within reach, and nobody else has deployed since. What the record calls
 * committed would be counted as such although it is gone, and what it calls untouched would be switched from a release
 * that is not there any more.
 * @param now what the hosts say at this moment
 * @throws RefusedError PD4014 naming the first instance that is on a release of somebody else, PD4015 a host that is
 * needed and does not answer
 */
export function refuseOvertaken(
  plan: Plan,
  past: readonly Event[],
  now: ReadonlyMap<HostName, Observation>,
): void {
  const deployment = past[0]?.deployment ?? '';
  const state = past.reduce(transition, start(rolloutInput(plan, deployment)));
  for (const host of state.hosts.values()) {
    if (host.status !== 'prepared' || host.idle === true || now.has(host.name)) continue;
    throw new RefusedError('PD4015', `${host.name} does not answer, and ${deployment} has begun there`, {
      hint: `go on when it does, or begin anew without it: pdeploy rollout -i ${plan.inventory.name}`,
    });
  }
  for (const instance of state.instances.values()) {
    const unit =
      plan.hosts.flatMap((host) => host.instances).find((one) => one.id === instance.id)?.name ?? '';
    const host = now.get(instance.host);
    const seen = host?.instances.get(unit);
    if (host === undefined || seen === undefined) continue;
    const others = host.epoch > newestEpoch(past, instance.host) && host.lease?.deployment !== deployment;
    if (possible(instance, others).includes(seen.current)) continue;
    const on = seen.current === '' ? 'no release' : `release ${shortId(seen.current)}`;
    throw new RefusedError(
      'PD4014',
      `${instance.id} is on ${on} now: somebody has deployed since ${deployment} was interrupted, or has released its lock`,
      { hint: `pdeploy rollout -i ${plan.inventory.name} begins anew` },
    );
  }
}

/** That this deployment was given there; 0: none. */
function newestEpoch(past: readonly Event[], host: HostName): number {
  return past.reduce(
    (n, e) => (e.type === 'lease.acquired' && e.host === host ? Math.max(n, e.epoch) : n),
    0,
  );
}

/**
 * Releases that it can be on if nobody but this deployment and its guards was there. Where others were, one that is not
 * known to be committed and is on the new release has it from them: they roll out the same.
 */
function possible({ status, from, to, restored }: InstanceState, others: boolean): readonly string[] {
  const both = others ? [from] : [from, to];
  switch (status) {
    case 'committed':
    case 'current':
      return [to];
    case 'pending':
    case 'skipped':
    case 'reverted':
      return [from];
    case 'failed':
      return restored ? [from] : both;
    default:
      return both;
  }
}
