import type { HostPlan, Plan, PlannedChange } from '../model/plan.ts';
import { isIdle } from './rollout-input.ts';
import { bytes, few, plural, row } from './text-block.ts';

const SIGNS = { add: '+', change: '~', same: '=' } as const;
const COLUMN = 25;

type Group = { readonly change: PlannedChange; readonly hosts: readonly HostPlan[] };

/** What changes besides the switch, each change once however many hosts it concerns. */
export function describeChanges(plan: Plan): readonly string[] {
  const groups = grouped(plan, (c) => JSON.stringify([c.step, c.action, c.changes]));
  const changed = groups.filter((g) => g.change.action !== 'same');
  const lines = changed.flatMap(({ change, hosts }) => {
    const text = `${fields(change)}${where(plan, hosts)}`.trimStart();
    return row(`${SIGNS[change.action]} ${change.step}`, text === '' ? 'new' : text, COLUMN);
  });
  const same = groups.filter(
    (g) => g.change.action === 'same' && !changed.some((c) => c.change.step === g.change.step),
  );
  if (same.length > 0)
    lines.push(...row(`= ${same.map((g) => g.change.step).join(', ')}`, '', 2).map(trimEnd));
  return [...lines, ...sending(plan)];
}

/** Unified diffs, each once; lines of a diff are never broken. */
export function describeDiffs(plan: Plan): readonly (readonly string[])[] {
  return grouped(plan, (c) => JSON.stringify([c.step, c.diff]))
    .filter(({ change }) => change.diff !== undefined && change.diff !== '')
    .map(({ change, hosts }) => {
      const title = where(plan, hosts).trimStart();
      const body = (change.diff ?? '').trimEnd().split('\n');
      return [...(title === '' ? [] : [`  ${title}`]), ...body.map((line) => `  ${line}`.trimEnd())];
    });
}

function grouped(plan: Plan, key: (change: PlannedChange) => string): readonly Group[] {
  const groups = new Map<string, { change: PlannedChange; hosts: HostPlan[] }>();
  for (const host of plan.hosts) {
    for (const change of host.changes) {
      const known = groups.get(key(change));
      if (known === undefined) groups.set(key(change), { change, hosts: [host] });
      else known.hosts.push(host);
    }
  }
  return [...groups.values()];
}

function fields({ step, changes }: PlannedChange): string {
  return changes
    .map(({ field, from, to, secret }) => {
      const values = `${from === '' ? 'none' : from} -> ${to === '' ? 'none' : to}`;
      if (field === step) return values;
      return secret === true ? `${field} <secret, ${values}>` : `${field} ${values}`;
    })
    .join('; ');
}

/** Only where not all hosts that change anything are meant. */
function where(plan: Plan, hosts: readonly HostPlan[]): string {
  if (hosts.length === plan.hosts.filter((h) => !isIdle(h)).length) return '';
  return ` on ${hosts.length} of ${plan.hosts.length} hosts: ${few(hosts.map((h) => h.host))}`;
}

function sending(plan: Plan): readonly string[] {
  const senders = plan.hosts.filter((h) => h.bytesToSend > 0);
  if (senders.length === 0) return [];
  const sizes = senders.map((h) => h.bytesToSend);
  const [most, least] = [Math.max(...sizes), Math.min(...sizes)];
  const size = most === least ? bytes(most) : `${bytes(least)} to ${bytes(most)}`;
  return row(
    'to send',
    `${size} to ${senders.length === 1 ? '1 host' : `each of ${plural(senders.length, 'host')}`}`,
    COLUMN,
  );
}

function trimEnd(line: string): string {
  return line.trimEnd();
}
