import type { EventBody } from '../model/event.ts';
import { waveSize } from '../model/strategy.ts';
import type { Action } from './action.ts';
import { emit, wait } from './action.ts';
import { decideDeferred } from './decide-prepare.ts';
import { decideHalted, downInstances, revert } from './decide-rollback.ts';
import { finishDone } from './finish.ts';
import { openFloor } from './floor.ts';
import { progressDeadline } from './halt.ts';
import type { DeploymentState, InstanceState, OpenWave } from './state.ts';
import { awaitsPromotion, instancesOf, isInFlight } from './status.ts';

export function decideWaves(state: DeploymentState, now: number): readonly Action[] {
  if (state.wave !== undefined) return inWave(state, state.wave, now);
  if (awaitsPromotion(state)) return wait('promote');
  const planned = plannedWave(state);
  if (planned !== undefined) return openWave(state, planned, now);
  const deferred = decideDeferred(state);
  if (deferred.length > 0) return deferred;
  const late = lateWave(state);
  return late === undefined ? finishDone(state, now) : openWave(state, late, now);
}

function inWave(state: DeploymentState, wave: OpenWave, now: number): readonly Action[] {
  const members = wave.instances.flatMap((id) => state.instances.get(id) ?? []);
  const flying = instancesOf(state).some(isInFlight);
  // A failure within the budget goes back by itself, before anything else is begun.
  const down = downInstances(state);
  if (down.length > 0 && !flying) return down.slice(0, 1).map(revert);
  const pending = members.filter((i) => i.status === 'pending');
  const floor = openFloor(state);
  const start = down.length > 0 ? [] : startable(state, pending, floor.take);
  if (start.length > 0) return start.map(({ id, from, to }) => ({ kind: 'update', instance: id, from, to }));
  if (flying) return wait('in-flight', progressDeadline(state));
  const stuck = pending[0];
  if (stuck !== undefined) return decideHalted(state, { why: 'stuck', cause: floor.why(stuck) }, now);
  return emit({ type: 'wave.finished', wave: wave.number, ms: Math.max(0, now - wave.at) });
}

/** Two instances of one host never at once. */
function startable(
  state: DeploymentState,
  pending: readonly InstanceState[],
  take: (i: InstanceState) => boolean,
): readonly InstanceState[] {
  const busy = new Set(instancesOf(state).flatMap((i) => (isInFlight(i) ? i.host : [])));
  const start: InstanceState[] = [];
  for (const instance of pending) {
    if (busy.has(instance.host) || !take(instance)) continue;
    busy.add(instance.host);
    start.push(instance);
  }
  return start;
}

type WaveStarted = Extract<EventBody, { readonly type: 'wave.started' }>;

function plannedWave(state: DeploymentState): WaveStarted | undefined {
  for (const { number, instances, canary } of state.input.waves) {
    if (number <= state.lastWave) continue;
    const ready = instances.filter((id) => isReady(state, state.instances.get(id)));
    if (ready.length > 0) return { type: 'wave.started', wave: number, instances: ready, canary };
  }
  return undefined;
}

/** A wave of instances whose hosts were deferred; its size is that of the last wave. */
function lateWave(state: DeploymentState): WaveStarted | undefined {
  const ready = instancesOf(state).filter((i) => isReady(state, i));
  const amount = state.input.strategy.waves.at(-1) ?? { kind: 'count', value: 1 };
  const instances = ready.slice(0, waveSize(amount, state.instances.size)).map((i) => i.id);
  if (instances.length === 0) return undefined;
  const planned = Math.max(0, ...state.input.waves.map((w) => w.number));
  return { type: 'wave.started', wave: Math.max(planned, state.lastWave) + 1, instances, canary: false };
}

function isReady(state: DeploymentState, i: InstanceState | undefined): boolean {
  return i?.status === 'pending' && state.hosts.get(i.host)?.status === 'prepared';
}

function openWave(state: DeploymentState, wave: WaveStarted, now: number): readonly Action[] {
  const from = (state.lastWaveEndedAt ?? now) + state.input.strategy.pauseBetweenWavesMs;
  if (state.lastWaveEndedAt !== undefined && now < from) return wait('pause', from);
  return emit(wave);
}
