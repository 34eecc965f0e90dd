import type { Action } from './action.ts';
import { wait } from './action.ts';
import { decidePrepare } from './decide-prepare.ts';
import { decideHalted, decideRollback, downInstances, revert } from './decide-rollback.ts';
import { decideWaves } from './decide-waves.ts';
import { finish } from './finish.ts';
import { haltOf } from './halt.ts';
import type { DeploymentState } from './state.ts';
import { anythingInFlight, instancesOf } from './status.ts';

/**
 * What to do now, `now` being on the clock of `Event.t` (milliseconds). Empty when and only when the deployment has
 * finished. What was already started is not named again.
 */
export function decide(state: DeploymentState, now: number): readonly Action[] {
  if (state.finished !== undefined) return [];
  if (state.stopping === undefined) return next(state, now);
  if (anythingInFlight(state)) return wait('in-flight');
  const down = state.leaseLost === undefined ? downInstances(state)[0] : undefined;
  if (down !== undefined) {
    const recheck = rechecks(state);
    return recheck.length > 0 ? recheck : [revert(down)];
  }
  const harmless = next(state, now).filter(startsNothing);
  return harmless.length > 0 ? harmless : finish(state, now, 'interrupted', `stopped by ${state.stopping}`);
}

function next(state: DeploymentState, now: number): readonly Action[] {
  const halt = haltOf(state, now);
  if (halt?.why === 'lease') {
    return anythingInFlight(state) ? wait('in-flight') : finish(state, now, 'interrupted', halt.cause);
  }
  const recheck = rechecks(state);
  if (recheck.length > 0) return recheck;
  if (state.rollback !== undefined) return decideRollback(state, state.rollback, now);
  if (halt !== undefined) return decideHalted(state, halt, now);
  const usual = state.phase === 'prepare' ? decidePrepare(state, now) : decideWaves(state, now);
  if (state.paused === undefined) return usual;
  if (anythingInFlight(state)) return wait('in-flight');
  const allowed = usual.filter((action) => startsNothing(action) || action.kind === 'revert');
  return allowed.length > 0 ? allowed : wait('paused');
}

/** Nothing is planned on top of what is not known. */
function rechecks(state: DeploymentState): readonly Action[] {
  const unknown = instancesOf(state).filter((i) => i.status === 'interrupted');
  if (unknown.length > 0) return unknown.map(({ id, during }) => ({ kind: 'recheck', instance: id, during }));
  return instancesOf(state).some((i) => i.status === 'rechecking') ? wait('in-flight') : [];
}

function startsNothing(action: Action): boolean {
  if (action.kind !== 'emit') return false;
  return action.body.type !== 'wave.started' && action.body.type !== 'rollback.started';
}
