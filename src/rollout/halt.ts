import { formatDuration } from '../util/duration.ts';
import type { DeploymentState, InstanceState } from './state.ts';
import { instancesOf } from './status.ts';

/** Why nothing new may start any more. */
export type Halt = {
  readonly why: 'lease' | 'abort' | 'prepare' | 'failed' | 'deadline' | 'stuck';
  readonly cause: string;
};

export function haltOf(state: DeploymentState, now: number): Halt | undefined {
  if (state.leaseLost !== undefined) return { why: 'lease', cause: state.leaseLost };
  if (state.aborted !== undefined) return { why: 'abort', cause: `aborted by ${state.aborted}` };
  return prepareHalt(state) ?? failureHalt(state) ?? deadlineHalt(state, now);
}

/** Before anything is touched a host that cannot be prepared ends it all, unless it may be left out. */
function prepareHalt(state: DeploymentState): Halt | undefined {
  if (state.phase !== 'prepare') return undefined;
  const tolerant = state.input.strategy.onUnreachable !== 'fail';
  const failed = [...state.hosts.values()].filter(
    (h) => h.status === 'failed' && !(tolerant && h.unreachable),
  );
  if (failed.length === 0) return undefined;
  const causes = failed.map((h) => `${h.name}: ${h.failure?.message ?? 'could not be prepared'}`);
  return { why: 'prepare', cause: causes.join('; ') };
}

function failureHalt(state: DeploymentState): Halt | undefined {
  const all = instancesOf(state);
  const failed = all.filter((i) => i.failure !== undefined);
  const lost = failed.find((i) => i.status === 'revert-failed');
  if (lost !== undefined) return { why: 'failed', cause: `${words(lost)}, and it could not be taken back` };
  const budget = state.input.strategy.maxFailures;
  const last = failed.at(-1);
  if (last === undefined || failed.length <= budget) return undefined;
  if (budget === 0) return { why: 'failed', cause: failed.map(words).join('; ') };
  return {
    why: 'failed',
    cause: `${failed.length} instances failed and ${budget} may: ${failed.map(words).join('; ')}`,
  };
}

function words(instance: InstanceState): string {
  const message = instance.failure?.message ?? 'failed';
  return message.startsWith(instance.id) ? message : `${instance.id}: ${message}`;
}

/** When the progress deadline passes; undefined while its clock stands still. */
export function progressDeadline(state: DeploymentState): number | undefined {
  if (state.phase !== 'activate' || state.wave === undefined || state.paused !== undefined) return undefined;
  return state.progressAt + state.input.strategy.progressDeadlineMs;
}

function deadlineHalt(state: DeploymentState, now: number): Halt | undefined {
  const deadline = progressDeadline(state);
  if (deadline === undefined || now < deadline) return undefined;
  const limit = formatDuration(state.input.strategy.progressDeadlineMs);
  return { why: 'deadline', cause: `no instance became healthy within ${limit}` };
}
