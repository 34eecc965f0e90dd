import type { Observation } from '../model/facts.ts';
import type { InstancePlan } from '../model/plan.ts';
import type { Compiled } from './input.ts';

/** Equal as long as the host is what the plan took it for. Pids, uptimes and free room may change. */
export function fingerprint(
  observation: Observation,
  compiled: Compiled,
  instances: readonly InstancePlan[],
  sha256: (text: string) => string,
): string {
  const named = new Set([compiled.digest, ...instances.map((i) => i.from)]);
  const releases = observation.releases
    .filter((r) => named.has(r.digest))
    .map((r) => `${r.digest} ${r.intact}`);
  return sha256(
    JSON.stringify([
      compiled.digest,
      compiled.unitSha256,
      compiled.changes.map((c) => [c.step, c.action, c.changes.map((x) => [x.field, x.from, x.to])]),
      compiled.irreversible,
      instances.map((i) => [i.id, i.action, i.from, i.to, i.unitChanged, i.broken]),
      instances.map((i) => observation.instances.get(i.name)?.pending?.opId ?? ''),
      releases.sort(),
      [observation.facts.arch, observation.facts.policy],
    ]),
  );
}
