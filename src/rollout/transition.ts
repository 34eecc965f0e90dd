import type { Event, EventOf } from '../model/event.ts';
import type { DeploymentState, HostState, InstanceState } from './state.ts';
import { isInFlight } from './status.ts';
import { transitionHost } from './transition-host.ts';
import { transitionInstance } from './transition-instance.ts';

/**
 * What is known after `event`. Total: an event that is late, doubled, of another deployment or simply unknown
 * gives back the very same object.
 */
export function transition(state: DeploymentState, event: Event): DeploymentState {
  if (event.deployment !== state.input.deployment || event.seq <= state.seq) return state;
  const next = state.finished === undefined ? apply(state, event) : reopen(state, event);
  return next === state ? state : { ...next, seq: event.seq };
}

function apply(state: DeploymentState, event: Event): DeploymentState {
  switch (event.type) {
    case 'prepare.started':
    case 'prepare.finished':
    case 'prepare.failed':
    case 'host.skipped':
    case 'host.deferred':
      return transitionHost(state, event);
    case 'update.started':
    case 'update.switched':
    case 'instance.healthy':
    case 'instance.committed':
    case 'instance.failed':
    case 'recheck.started':
    case 'update.reset':
    case 'revert.started':
    case 'instance.reverted':
    case 'revert.failed':
      return transitionInstance(state, event);
    case 'prepare.completed':
      return state.phase === 'activate' ? state : { ...state, phase: 'activate', progressAt: event.t };
    case 'wave.started':
      return waveStarted(state, event);
    case 'wave.finished':
      return waveFinished(state, event);
    case 'rollback.started':
      if (state.rollback !== undefined) return state;
      return { ...state, rollback: { cause: event.cause, scope: event.scope, instances: event.instances } };
    case 'deployment.paused':
      return state.paused === undefined ? { ...state, paused: { by: event.by, at: event.t } } : state;
    case 'deployment.continued':
      return continued(state, event.t);
    case 'deployment.promoted':
      return state.awaitingPromotion ? { ...state, awaitingPromotion: false, progressAt: event.t } : state;
    case 'deployment.aborted':
      if (state.aborted !== undefined || state.rollback !== undefined) return state;
      return { ...state, aborted: event.by, stopping: undefined };
    case 'deployment.stopping':
      return state.stopping === undefined ? { ...state, stopping: event.by } : state;
    case 'deployment.resumed':
      return resumed(state, event.t);
    case 'deployment.finished':
      return { ...state, finished: { outcome: event.outcome, cause: event.cause } };
    case 'lease.lost':
      return state.leaseLost === undefined
        ? { ...state, leaseLost: lostTo(event.host, event.holder) }
        : state;
    default:
      return state;
  }
}

function lostTo(host: string, holder: string): string {
  return holder === '' ? `the lease of ${host} is gone` : `the lease of ${host} is held by ${holder}`;
}

/** Only what was interrupted can go on. */
function reopen(state: DeploymentState, event: Event): DeploymentState {
  if (event.type !== 'deployment.resumed' || state.finished?.outcome !== 'interrupted') return state;
  return resumed({ ...state, finished: undefined }, event.t);
}

function waveStarted(state: DeploymentState, event: EventOf<'wave.started'>): DeploymentState {
  if (state.phase !== 'activate' || state.wave !== undefined || event.wave <= state.lastWave) return state;
  const instances = event.instances.filter((id) => state.instances.has(id));
  const wave = { number: event.wave, canary: event.canary, instances, at: event.t };
  return { ...state, wave, progressAt: event.t };
}

function waveFinished(state: DeploymentState, event: EventOf<'wave.finished'>): DeploymentState {
  if (state.wave?.number !== event.wave) return state;
  return {
    ...state,
    wave: undefined,
    lastWave: event.wave,
    lastWaveEndedAt: event.t,
    awaitingPromotion: state.wave.canary && state.input.strategy.promote === 'manual',
  };
}

function continued(state: DeploymentState, t: number): DeploymentState {
  if (state.paused === undefined) return state;
  return { ...state, paused: undefined, progressAt: state.progressAt + (t - state.paused.at) };
}

/** The process that did all this is gone: whatever was in flight has to be asked for. */
function resumed(state: DeploymentState, t: number): DeploymentState {
  const instances = new Map<string, InstanceState>();
  for (const [id, i] of state.instances)
    instances.set(id, isInFlight(i) ? { ...i, status: 'interrupted' } : i);
  const hosts = new Map<string, HostState>();
  for (const [name, h] of state.hosts) {
    hosts.set(name, h.status === 'preparing' ? { ...h, status: h.retry ? 'deferred' : 'pending' } : h);
  }
  const paused = state.paused === undefined ? undefined : { by: state.paused.by, at: t };
  return { ...state, instances, hosts, paused, stopping: undefined, leaseLost: undefined, progressAt: t };
}
