import type { RawProbe, RawSample } from '../../src/health/raw.ts';
import type { HealthCheck, HttpExpect, Probe } from '../../src/model/health.ts';

export const ECHO = { release: '9b7e01d3c4f5', label: 'v1.4.2' };

export function http(expect: HttpExpect = {}, more: Partial<Extract<Probe, { kind: 'http' }>> = {}): Probe {
  return {
    kind: 'http',
    port: 6188,
    path: '/readyz',
    tls: false,
    expect,
    timeoutMs: 1_000,
    from: ['host'],
    ...more,
  };
}

export function check(...probes: readonly Probe[]): HealthCheck {
  return { probes, listens: [], intervalMs: 1_000, minHealthyMs: 10_000, healthyDeadlineMs: 120_000 };
}

/** A round in which all is well. */
export function raw(change: Partial<RawSample> = {}): RawSample {
  return {
    activeState: 'active',
    subState: 'running',
    result: 'success',
    pid: 4121,
    exeMatch: true,
    startedAfterSwitch: true,
    restarts: 0,
    missingListens: [],
    probes: [],
    ...change,
  };
}

export function answer(change: Partial<Extract<RawProbe, { kind: 'http' }>> = {}): RawProbe {
  return { id: '0', kind: 'http', status: 200, error: '', headers: [], body: '', ...change };
}
