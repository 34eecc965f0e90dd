import type { Counts } from '../model/event.ts';
import type { DeploymentState, InstanceState } from './state.ts';
import { instancesOf, isBack, isHealthy, isTouched } from './status.ts';

type Side = 'new' | 'old' | 'unknown';

/** Which release it runs, as far as the events tell. */
export function sideOf(i: InstanceState): Side {
  if (i.status === 'current' || i.status === 'committed') return 'new';
  return !isTouched(i) || isBack(i) ? 'old' : 'unknown';
}

export function countsOf(state: DeploymentState): Counts {
  const all = instancesOf(state);
  const count = (test: (i: InstanceState) => boolean): number => all.filter(test).length;
  return {
    total: all.length,
    current: count((i) => sideOf(i) === 'new'),
    old: count((i) => sideOf(i) === 'old'),
    healthy: count((i) => isHealthy(state, i)),
    untouched: count((i) => !isTouched(i)),
    failed: count((i) => i.failure !== undefined),
  };
}

/** The release that every instance runs, '' when they differ or are not known. */
export function releaseOf(state: DeploymentState): string {
  const sides = new Set(instancesOf(state).map(sideOf));
  if (sides.size > 1 || sides.has('unknown')) return '';
  return sides.has('old') ? state.input.release.from : state.input.release.to;
}
