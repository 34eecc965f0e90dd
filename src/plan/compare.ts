import type { HostName } from '../model/host.ts';
import type { HostPlan, InstancePlan, Plan } from '../model/plan.ts';
import { shortId } from '../model/release.ts';
import { same } from './same.ts';

/** `host` is '' for what concerns the whole plan. */
export type Drift = { readonly host: HostName; readonly why: string };

/** What is no longer as a saved plan took it to be; empty when the plan still holds. */
export function comparePlans(saved: Plan, now: Plan): readonly Drift[] {
  const drifts: Drift[] = [];
  if (saved.release.id !== now.release.id) {
    drifts.push({
      host: '',
      why: `the release is ${shortId(now.release.id)} now, not ${shortId(saved.release.id)}`,
    });
  }
  if (!same(saved.strategy, now.strategy)) {
    drifts.push({ host: '', why: 'the strategy is another one' });
  }
  const before = new Map(saved.hosts.map((h) => [h.host, h]));
  const after = new Map(now.hosts.map((h) => [h.host, h]));
  for (const [host, plan] of before) {
    const current = after.get(host);
    if (current === undefined) drifts.push({ host, why: absence(host, now) });
    else if (current.fingerprint !== plan.fingerprint) drifts.push({ host, why: difference(plan, current) });
  }
  for (const host of after.keys())
    if (!before.has(host)) drifts.push({ host, why: 'was not part of the plan' });
  return drifts;
}

function absence(host: HostName, now: Plan): string {
  if (now.cordoned.some((c) => c.host === host)) return 'is cordoned now';
  const lost = now.unreachable.find((u) => u.host === host);
  return lost === undefined ? 'is no longer selected' : `cannot be reached: ${lost.why}`;
}

function difference(saved: HostPlan, now: HostPlan): string {
  if (saved.digest !== now.digest) return `would get ${shortId(now.digest)}, not ${shortId(saved.digest)}`;
  const names = [...new Set([...saved.instances, ...now.instances].map((i) => i.id))];
  for (const id of names) {
    const why = instanceDifference(
      id,
      saved.instances.find((i) => i.id === id),
      now.instances.find((i) => i.id === id),
    );
    if (why !== undefined) return why;
  }
  if (saved.rollback.possible !== now.rollback.possible) return `cannot go back: ${now.rollback.why}`;
  const steps = now.changes.filter(
    (c) =>
      !same(
        c,
        saved.changes.find((s) => s.step === c.step),
      ),
  );
  const named = steps.map((c) => c.step).join(', ');
  return named === '' ? 'something the plan relies on has changed' : `other changes are needed: ${named}`;
}

function instanceDifference(
  id: string,
  saved: InstancePlan | undefined,
  now: InstancePlan | undefined,
): string | undefined {
  if (saved === undefined) return `${id} is new`;
  if (now === undefined) return `${id} is gone`;
  if (saved.from !== now.from) return `${id} is on ${shortId(now.from)} now, not on ${shortId(saved.from)}`;
  if (saved.broken !== now.broken)
    return `${id} ${now.broken ? 'is not healthy any more' : 'is healthy again'}: ${now.why}`;
  return saved.action === now.action ? undefined : `${id}: ${now.action} (${now.why}), not ${saved.action}`;
}
