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
 * Before a resume: everything that was begun is within reach, and nobody else has deployed since. What the record calls committed would be counted as such although it
 * is gone, and what it calls untouched would be switched from a release that is not there any more.
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
    const seen = now.get(instance.host)?.instances.get(unit);
    if (seen === undefined || possible(instance).includes(seen.current)) continue;
    const on = seen.current === '' ? 'no release' : `release ${shortId(seen.current)}`;
    throw new RefusedError(
      'PD4014',
      `${instance.id} is on ${on} now: somebody has deployed since ${deployment} was interrupted`,
      { hint: `pdeploy rollout -i ${plan.inventory.name} begins anew` },
    );
  }
}

/** Releases that it can be on if nobody but this deployment and its guards was there. */
function possible({ status, from, to, restored }: InstanceState): readonly string[] {
  switch (status) {
    case 'committed':
    case 'current':
      return [to];
    case 'pending':
    case 'skipped':
    case 'reverted':
      return [from];
    case 'failed':
      return restored ? [from] : [from, to];
    default:
      return [from, to];
  }
}
