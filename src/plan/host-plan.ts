import type { Observation } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import type { HostPlan, InstancePlan } from '../model/plan.ts';
import { shortId } from '../model/release.ts';
import { fingerprint } from './fingerprint.ts';
import type { Compiled } from './input.ts';
import { planInstance } from './instance-plan.ts';

export function planHost(
  host: Host,
  service: string,
  observation: Observation,
  compiled: Compiled,
  sha256: (text: string) => string,
): HostPlan {
  const instances = host.instances
    .filter((i) => i.service === service)
    .map((i) => planInstance(i, observation.instances.get(i.name), compiled));
  return {
    host: host.name,
    ...(host.zone === undefined ? {} : { zone: host.zone }),
    ...(host.region === undefined ? {} : { region: host.region }),
    digest: compiled.digest,
    bytesToSend: isIntact(observation, compiled.digest) ? 0 : compiled.bytes,
    changes: compiled.changes,
    instances,
    rollback: rollbackOf(instances, observation, compiled),
    fingerprint: fingerprint(observation, compiled, instances, sha256),
  };
}

function isIntact(observation: Observation, digest: string): boolean {
  return observation.releases.some((r) => r.digest === digest && r.intact);
}

/** Whether everything that is switched on the host can go back. */
function rollbackOf(
  instances: readonly InstancePlan[],
  observation: Observation,
  compiled: Compiled,
): HostPlan['rollback'] {
  const switched = instances.filter((i) => i.action !== 'nothing' && i.from !== i.to);
  const old = [...new Set(switched.map((i) => i.from))];
  const to = old.find((digest) => digest !== '') ?? '';
  const lost = old.find((digest) => digest !== '' && !isIntact(observation, digest));
  if (lost !== undefined) {
    const there = observation.releases.some((r) => r.digest === lost);
    const why = there ? 'is on the host, but was altered' : 'is gone from the host';
    return { possible: false, to, why: `release ${shortId(lost)} ${why}` };
  }
  const words = switched.length === 0 ? 'no instance is switched' : firstOr(to);
  const rest = compiled.irreversible.length === 0 ? '' : `; stays: ${compiled.irreversible.join(', ')}`;
  return { possible: true, to, why: `${words}${rest}` };
}

function firstOr(to: string): string {
  return to === '' ? 'first install: rollback removes it' : 'present and verified';
}
