import type { InstanceId } from '../model/host.ts';
import type { Action } from './action.ts';
import { emit, wait } from './action.ts';
import { finishBack } from './finish.ts';
import type { Halt } from './halt.ts';
import type { DeploymentState, InstanceState, Rollback } from './state.ts';
import { anythingInFlight, instancesOf, needsRevert } from './status.ts';

/** What is in hand ends first; then what the scope names goes back, or there is nothing to go back. */
export function decideHalted(state: DeploymentState, halt: Halt, now: number): readonly Action[] {
  if (anythingInFlight(state)) return wait(halt.why === 'deadline' ? 'progress-deadline' : 'in-flight');
  const instances = revertOrder(state);
  if (instances.length === 0) return finishBack(state, now, halt.cause);
  return emit({
    type: 'rollback.started',
    cause: halt.cause,
    scope: state.input.strategy.rollback,
    instances,
  });
}

/** One at a time; one that fails is never tried again and holds up no other. */
export function decideRollback(state: DeploymentState, rollback: Rollback, now: number): readonly Action[] {
  if (anythingInFlight(state)) return wait('in-flight');
  for (const id of rollback.instances) {
    const instance = state.instances.get(id);
    if (instance !== undefined && needsRevert(instance)) return [revert(instance)];
  }
  return finishBack(state, now, rollback.cause);
}

/** Newest first. */
function revertOrder(state: DeploymentState): readonly InstanceId[] {
  const { rollback: scope } = state.input.strategy;
  const wave = new Set(state.wave?.instances);
  const inScope = (i: InstanceState): boolean => {
    if (scope === 'none') return false;
    return scope === 'deployment' || i.status === 'failed' || (scope === 'wave' && wave.has(i.id));
  };
  const touched = instancesOf(state).filter((i) => needsRevert(i) && inScope(i));
  return touched.sort((a, b) => b.order - a.order).map((i) => i.id);
}

/** Failed and not back by themselves, nor asked to go back yet; none where nothing is ever taken back. */
export function downInstances(state: DeploymentState): readonly InstanceState[] {
  if (state.input.strategy.rollback === 'none') return [];
  return instancesOf(state).filter((i) => i.status === 'failed' && needsRevert(i));
}

export function revert({ id, from, to, broken }: InstanceState): Action {
  return { kind: 'revert', instance: id, from: to, to: from, broken };
}
