import type { Action } from './action.ts';
import { emit, wait } from './action.ts';
import { finish } from './finish.ts';
import type { DeploymentState, HostState } from './state.ts';

/** Everything is prepared everywhere before anything is touched anywhere. */
export function decidePrepare(state: DeploymentState, now: number): readonly Action[] {
  const hosts = [...state.hosts.values()];
  const actions: Action[] = [];
  for (const host of hosts) {
    if (host.status === 'failed') actions.push(leaveOut(state, host));
    if (host.status === 'pending') actions.push({ kind: 'prepare', host: host.name });
  }
  if (actions.length > 0) return actions;
  if (hosts.some((h) => h.status === 'preparing')) return wait('in-flight');
  if (hosts.length > 0 && hosts.every((h) => h.status !== 'prepared')) {
    return finish(state, now, 'failed', `no host can be reached: ${whys(hosts)}`);
  }
  if (canaryIsGone(state)) {
    return finish(state, now, 'failed', `no canary instance can be reached: ${whys(hosts)}`);
  }
  return emit({ type: 'prepare.completed' });
}

/** Second tries come after all waves. A host that fails again is left as it is, whatever the reason. */
export function decideDeferred(state: DeploymentState): readonly Action[] {
  const actions: Action[] = [];
  for (const host of state.hosts.values()) {
    if (host.status === 'failed') actions.push(skip(host));
    if (host.status === 'deferred') actions.push({ kind: 'prepare', host: host.name });
  }
  if (actions.length > 0) return actions;
  return [...state.hosts.values()].some((h) => h.status === 'preparing') ? wait('in-flight') : [];
}

function leaveOut(state: DeploymentState, host: HostState): Action {
  if (state.input.strategy.onUnreachable !== 'defer') return skip(host);
  return { kind: 'emit', body: { type: 'host.deferred', host: host.name, why: why(host) } };
}

function skip(host: HostState): Action {
  return { kind: 'emit', body: { type: 'host.skipped', host: host.name, why: why(host) } };
}

function canaryIsGone(state: DeploymentState): boolean {
  const canary = state.input.waves.find((w) => w.canary);
  if (canary === undefined || canary.instances.length === 0) return false;
  return canary.instances.every((id) => {
    const instance = state.instances.get(id);
    return instance === undefined || state.hosts.get(instance.host)?.status !== 'prepared';
  });
}

function why(host: HostState): string {
  return host.failure?.message ?? 'could not be reached';
}

function whys(hosts: readonly HostState[]): string {
  const lost = hosts.filter((h) => h.status !== 'prepared');
  return lost.map((h) => `${h.name}: ${why(h)}`).join('; ');
}
