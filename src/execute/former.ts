import type { Observation } from '../model/facts.ts';
import type { HealthCheck, Probe } from '../model/health.ts';
import type { HostName } from '../model/host.ts';
import type { FormerRelease } from './deployment-context.ts';
import type { Judge } from './judges.ts';
import { recallRelease } from './release-cache.ts';

/**
 * How a release that is on a host already is to be judged: by the health check it was deployed with when the cache has
 * it, else by that of today's playbook. Its id and label are the host's own record.
 */
export function formerReleases(
  observations: ReadonlyMap<HostName, Observation>,
  compiled: ReadonlyMap<HostName, Judge>,
): (host: HostName, digest: string) => FormerRelease {
  return (host, digest) => {
    const onHost = observations.get(host)?.releases.find((r) => r.digest === digest);
    const cached = digest === '' ? undefined : recallRelease(digest);
    const own = compiled.get(host);
    return {
      binary: cached?.binary ?? own?.binary ?? '',
      ids: { release: onHost?.release ?? digest, label: onHost?.label ?? '' },
      health: (instance) => {
        const check = cached?.health.get(instance) ?? own?.service.health.get(instance);
        return check === undefined ? undefined : asBefore(check);
      },
    };
  };
}

/** Coming back is no time to blame a certificate for its age: that it is served again is what has to be proven. */
function asBefore(check: HealthCheck): HealthCheck {
  if (!check.probes.some((p) => p.kind === 'tls')) return check;
  const probes = check.probes.map((p): Probe => (p.kind === 'tls' ? { ...p, trust: { kind: 'none' } } : p));
  return { ...check, probes };
}
