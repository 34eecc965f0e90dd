import { EXIT, type ExitCode } from '../errors.ts';
import type { Outcome } from '../model/event.ts';
import { sideOf } from './counts.ts';
import type { DeploymentState } from './state.ts';
import { instancesOf, isTouched } from './status.ts';

/** The exit code of a deployment that ended with `outcome`. */
export function exitCodeOf(outcome: Outcome, state: DeploymentState): ExitCode {
  const all = instancesOf(state);
  switch (outcome) {
    case 'unchanged':
      return EXIT.done;
    case 'succeeded':
      // Failures within the budget leave instances that a person has to look at.
      return all.some((i) => isTouched(i) && i.status !== 'committed') ? EXIT.needsPerson : EXIT.done;
    case 'rolled-back':
    case 'aborted':
      return EXIT.rolledBack;
    case 'failed':
      return all.every((i) => i.status === 'current' || sideOf(i) === 'old')
        ? EXIT.rolledBack
        : EXIT.needsPerson;
    case 'interrupted':
      return untouched(state) ? EXIT.cancelled : EXIT.interrupted;
  }
}

function untouched(state: DeploymentState): boolean {
  return [...state.hosts.values()].every((h) => h.status === 'pending' || h.idle === true);
}
