import type { HealthCheck, Probe } from '../model/health.ts';
import { assertNever } from '../util/assert-never.ts';
import { type Field, token } from './request.ts';

/** What the agent looks at in each round. The number of a probe is its index in `health.probes`. */
export function probeFields(health: HealthCheck): readonly Field[] {
  const probes = health.probes.flatMap((probe, index) => probeField(probe, index));
  const listens: readonly Field[] = health.listens.map((port) => ['listen', port]);
  return [...probes, ...listens, ['interval', Math.max(20, Math.round(health.intervalMs))]];
}

function probeField(probe: Probe, index: number): readonly Field[] {
  switch (probe.kind) {
    case 'http': {
      if (!probe.from.includes('host')) return [];
      const scheme = probe.tls ? 'https' : 'http';
      return [['probe', index, scheme, probe.port, probe.path, probe.hostHeader ?? '-', probe.timeoutMs]];
    }
    case 'tcp':
      return probe.from.includes('host') ? [['probe', index, 'tcp', probe.port, probe.timeoutMs]] : [];
    case 'exec':
      return [['probe', index, 'exec', probe.timeoutMs, ...probe.argv.map(token)]];
    case 'tls':
    case 'systemd':
      return [];
    default:
      return assertNever(probe);
  }
}
