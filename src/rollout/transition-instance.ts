import type { EventOf } from '../model/event.ts';
import type { DeploymentState, InstanceState, Operation } from './state.ts';
import { isInFlight, needsRevert } from './status.ts';

type InstanceEvent = EventOf<
  | 'update.started'
  | 'update.switched'
  | 'instance.healthy'
  | 'instance.committed'
  | 'instance.failed'
  | 'recheck.started'
  | 'update.reset'
  | 'revert.started'
  | 'instance.reverted'
  | 'revert.failed'
>;

export function transitionInstance(state: DeploymentState, event: InstanceEvent): DeploymentState {
  const instance = state.instances.get(event.instance);
  const next = instance === undefined ? undefined : step(state, instance, event);
  if (instance === undefined || next === undefined) return state;
  return {
    ...state,
    instances: new Map(state.instances).set(event.instance, next),
    starts: Math.max(state.starts, next.order),
    progressAt: isProgress(instance, next) ? event.t : state.progressAt,
  };
}

/** Newly healthy; a commit counts only where the news of being healthy was lost. */
function isProgress(before: InstanceState, after: InstanceState): boolean {
  if (after.status === 'healthy') return true;
  return after.status === 'committed' && after.during === 'update' && before.status !== 'healthy';
}

function step(state: DeploymentState, i: InstanceState, event: InstanceEvent): InstanceState | undefined {
  switch (event.type) {
    case 'update.started':
      return mayStart(state, i)
        ? { ...i, status: 'updating', during: 'update', order: state.starts + 1 }
        : undefined;
    case 'update.switched':
      if (i.status === 'updating') return { ...i, status: 'verifying' };
      return i.status === 'rechecking' && i.during === 'update' ? { ...i, status: 'verifying' } : undefined;
    case 'instance.healthy':
      return running(i, 'update') && i.status !== 'healthy' ? { ...i, status: 'healthy' } : undefined;
    case 'instance.committed':
      if (running(i, 'update')) return { ...i, status: 'committed' };
      return asked(i, 'revert') ? { ...i, status: 'committed' } : undefined;
    case 'instance.failed':
      if (running(i, 'update')) return failed(i, event);
      if (!asked(i, 'revert')) return undefined;
      return event.restored ? { ...i, status: 'reverted' } : lost(i, event);
    case 'recheck.started':
      return i.status === 'interrupted' ? { ...i, status: 'rechecking' } : undefined;
    case 'update.reset':
      if (asked(i, 'revert')) return { ...i, status: i.before };
      return asked(i, 'update') ? { ...i, status: 'pending', order: 0 } : undefined;
    case 'revert.started':
      if (!needsRevert(i)) return undefined;
      return {
        ...i,
        status: 'reverting',
        during: 'revert',
        before: i.status === 'failed' ? 'failed' : 'committed',
      };
    case 'instance.reverted':
      return running(i, 'revert') ? { ...i, status: 'reverted' } : undefined;
    case 'revert.failed':
      return running(i, 'revert') ? lost(i, event) : undefined;
  }
}

function mayStart(state: DeploymentState, i: InstanceState): boolean {
  if (i.status !== 'pending' || state.phase !== 'activate' || state.rollback !== undefined) return false;
  return state.hosts.get(i.host)?.status === 'prepared';
}

function failed(i: InstanceState, event: EventOf<'instance.failed'>): InstanceState {
  return { ...i, status: 'failed', restored: event.restored, failure: event.failure };
}

function lost(i: InstanceState, event: EventOf<'instance.failed' | 'revert.failed'>): InstanceState {
  return { ...i, status: 'revert-failed', failure: i.failure ?? event.failure };
}

function running(i: InstanceState, operation: Operation): boolean {
  return i.during === operation && (isInFlight(i) || i.status === 'interrupted');
}

/** The controller died in the middle of it, and the host is the one who knows. */
function asked(i: InstanceState, operation: Operation): boolean {
  return i.during === operation && (i.status === 'rechecking' || i.status === 'interrupted');
}
