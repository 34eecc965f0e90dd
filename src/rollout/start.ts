import type { RolloutHost, RolloutInput, RolloutInstance } from '../model/rollout.ts';
import type { DeploymentState, HostState, InstanceState } from './state.ts';

/** The state before the first event. */
export function start(input: RolloutInput): DeploymentState {
  return {
    input,
    seq: -1,
    phase: 'prepare',
    hosts: new Map(input.hosts.map((h) => [h.name, newHost(h)])),
    instances: new Map(input.instances.map((i) => [i.id, newInstance(i)])),
    starts: 0,
    wave: undefined,
    lastWave: 0,
    lastWaveEndedAt: undefined,
    awaitingPromotion: false,
    progressAt: input.epoch,
    paused: undefined,
    stopping: undefined,
    aborted: undefined,
    leaseLost: undefined,
    rollback: undefined,
    finished: undefined,
  };
}

function newHost(host: RolloutHost): HostState {
  return {
    ...host,
    status: host.idle === true ? 'prepared' : 'pending',
    retry: false,
    unreachable: false,
    changed: false,
    failure: undefined,
  };
}

function newInstance(instance: RolloutInstance): InstanceState {
  return {
    ...instance,
    status: instance.action === 'nothing' ? 'current' : 'pending',
    during: 'update',
    order: 0,
    restored: false,
    before: 'committed',
    failure: undefined,
  };
}
