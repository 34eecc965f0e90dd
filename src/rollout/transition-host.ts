import type { EventOf } from '../model/event.ts';
import type { DeploymentState, HostState, InstanceState } from './state.ts';

type HostEvent = EventOf<
  'prepare.started' | 'prepare.finished' | 'prepare.failed' | 'host.skipped' | 'host.deferred'
>;

export function transitionHost(state: DeploymentState, event: HostEvent): DeploymentState {
  const host = state.hosts.get(event.host);
  const next = host === undefined ? undefined : step(host, event);
  if (next === undefined) return state;
  const hosts = new Map(state.hosts).set(event.host, next);
  if (event.type === 'host.skipped') return { ...state, hosts, instances: skip(state, event.host) };
  return { ...state, hosts };
}

function step(host: HostState, event: HostEvent): HostState | undefined {
  switch (event.type) {
    case 'prepare.started':
      if (host.status === 'pending') return { ...host, status: 'preparing' };
      return host.status === 'deferred' ? { ...host, status: 'preparing', retry: true } : undefined;
    case 'prepare.finished':
      if (host.status !== 'preparing') return undefined;
      return {
        ...host,
        status: 'prepared',
        retry: false,
        unreachable: false,
        changed: host.changed || event.bytesSent > 0 || event.changes.length > 0,
        failure: undefined,
      };
    case 'prepare.failed':
      if (host.status !== 'preparing') return undefined;
      return { ...host, status: 'failed', failure: event.failure, unreachable: event.unreachable };
    case 'host.skipped':
      return host.status === 'failed' ? { ...host, status: 'skipped' } : undefined;
    case 'host.deferred':
      return host.status === 'failed' && !host.retry ? { ...host, status: 'deferred' } : undefined;
  }
}

function skip(state: DeploymentState, host: string): ReadonlyMap<string, InstanceState> {
  const instances = new Map<string, InstanceState>();
  for (const [id, i] of state.instances) {
    instances.set(id, i.host === host && i.status === 'pending' ? { ...i, status: 'skipped' } : i);
  }
  return instances;
}
