import type { Outcome } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import type { InstanceState } from '../rollout/state.ts';
import { isTouched } from '../rollout/status.ts';
import type { StateStore } from '../state/port.ts';
import { DRAIN_CODE, UNDRAIN_CODE } from './drain/part.ts';
import type { Recorder } from './recorder.ts';
import { WENT_BACK } from './update-instance.ts';

/** A rollback marks no release bad; a setup has no release. */
export type DeploymentKind = 'rollout' | 'rollback' | 'setup';

/** What the end of a deployment says of its release: proven, bad, or nothing. */
export function markRelease(
  input: {
    readonly plan: Plan;
    readonly store: StateStore;
    readonly actor: string;
    readonly kind: DeploymentKind;
  },
  recorder: Recorder,
  outcome: Outcome,
  cause: string,
): void {
  const { plan, store, actor } = input;
  if (input.kind === 'setup') return;
  if (outcome === 'succeeded' || outcome === 'unchanged')
    store.markRelease(plan.service, plan.release.id, 'proven', actor);
  // A host that could not be prepared says nothing about the release.
  const tried = [...recorder.state().instances.values()].some(isTouched);
  const blames =
    tried &&
    saysSomething([...recorder.state().instances.values()]) &&
    input.kind === 'rollout' &&
    (outcome === 'rolled-back' || outcome === 'failed') &&
    store.release(plan.service, plan.release.id)?.mark !== 'proven';
  if (blames && plan.release.id !== plan.previous.id)
    store.markRelease(plan.service, plan.release.id, 'bad', actor, cause);
}

/** Contact lost, outcome unknown, another operator, a host that was first: what that stopped may be a good release. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set([
  'PD3102',
  'PD3303',
  'PD3203',
  WENT_BACK,
  DRAIN_CODE,
  UNDRAIN_CODE,
]);

function saysSomething(instances: readonly InstanceState[]): boolean {
  const failures = instances.flatMap(({ failure }) => (failure === undefined ? [] : [failure.code]));
  return failures.length === 0 || failures.some((code) => !NOT_ITS_FAULT.has(code));
}
