import type { HostPlan, Plan } from '../model/plan.ts';
import { type ReleaseRecord, shortId } from '../model/release.ts';
import type { PlanHost } from './input.ts';

/** The release that most instances run now, as people speak of it. */
export function previousRelease(
  plans: readonly HostPlan[],
  hosts: readonly PlanHost[],
  records: readonly ReleaseRecord[],
): Plan['previous'] {
  const labels = new Map<string, string>();
  const counts = new Map<string, number>();
  const seen = new Map(hosts.map((h) => [h.host.name, h.seen]));
  for (const plan of plans) {
    const host = seen.get(plan.host);
    const releases = host?.kind === 'observed' ? host.observation.releases : [];
    for (const { from } of plan.instances) {
      if (from === '') continue;
      const known = releases.find((r) => r.digest === from);
      const id = known === undefined || known.release === '' ? from : known.release;
      counts.set(id, (counts.get(id) ?? 0) + 1);
      if (known !== undefined && known.label !== '') labels.set(id, known.label);
    }
  }
  const [most] = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  if (most === undefined) return { id: '', label: '', mark: 'unproven' };
  const record = records.find((r) => r.id === most[0]);
  const label = record?.label ?? labels.get(most[0]) ?? shortId(most[0]);
  return { id: most[0], label, mark: record?.mark ?? 'unproven' };
}
