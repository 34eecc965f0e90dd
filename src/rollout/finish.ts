import type { Outcome } from '../model/event.ts';
import type { Action } from './action.ts';
import { emit } from './action.ts';
import { countsOf, releaseOf } from './counts.ts';
import type { DeploymentState } from './state.ts';
import { instancesOf, isBack, isTouched } from './status.ts';

export function finish(
  state: DeploymentState,
  now: number,
  outcome: Outcome,
  cause: string,
): readonly Action[] {
  return emit({
    type: 'deployment.finished',
    outcome,
    cause,
    ms: Math.max(0, now - state.input.epoch),
    release: releaseOf(state),
    counts: countsOf(state),
  });
}

/** After a halt and its reverts: is everything that was touched as it was? */
export function finishBack(state: DeploymentState, now: number, cause: string): readonly Action[] {
  const touched = instancesOf(state).filter(isTouched);
  const back = touched.every(isBack);
  if (state.aborted !== undefined) return finish(state, now, back ? 'aborted' : 'failed', cause);
  return finish(state, now, back && touched.length > 0 ? 'rolled-back' : 'failed', cause);
}

/** Nothing is left to do. */
export function finishDone(state: DeploymentState, now: number): readonly Action[] {
  const all = instancesOf(state);
  const touched = all.filter(isTouched);
  const failed = touched.filter((i) => i.status !== 'committed');
  const skipped = all.filter((i) => i.status === 'skipped');
  const forgotten = all.filter((i) => i.status === 'pending');
  if (forgotten.length > 0) return finish(state, now, 'failed', `never started: ${names(forgotten)}`);
  const causes: string[] = [];
  if (failed.length > 0) causes.push(`${failed.length} of ${all.length} instances failed: ${names(failed)}`);
  if (skipped.length > 0)
    causes.push(`${skipped.length} of ${all.length} instances were skipped: ${names(skipped)}`);
  const cause = causes.join('; ');
  if (touched.length > 0 && failed.length === touched.length) return finishBack(state, now, cause);
  const idle =
    touched.length === 0 && skipped.length === 0 && ![...state.hosts.values()].some((h) => h.changed);
  return finish(state, now, idle ? 'unchanged' : 'succeeded', cause);
}

function names(instances: readonly { readonly id: string }[]): string {
  const shown = instances.slice(0, 5).map((i) => i.id);
  return shown.length === instances.length ? shown.join(', ') : `${shown.join(', ')}, ...`;
}
