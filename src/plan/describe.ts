import type { Plan } from '../model/plan.ts';
import { shortId } from '../model/release.ts';
import { sanitize } from '../util/sanitize.ts';
import { describeChanges, describeDiffs } from './describe-changes.ts';
import { describeRollout } from './describe-rollout.ts';
import { estimate } from './duration.ts';
import { isIdle } from './rollout-input.ts';
import { few, plural, row, span, WIDTH, wrap } from './text-block.ts';

/** The column in which the text of a line begins. */
const COLUMN = 15;

/**
 * A plan for people: plain text, 80 columns but for diffs, hosts that agree folded. Ends in a newline.
 * `next` is the command to type, by default a rollout; '' for none.
 */
export function describePlan(
  plan: Plan,
  options: { readonly diff?: boolean; readonly next?: string } = {},
): string {
  const blocks = [
    header(plan),
    [...fleet(plan), ...describeRollout(plan, COLUMN)],
    (plan.warnings ?? []).flatMap(({ code, text }) => row('warning', `${text} (${code})`, COLUMN)),
    describeChanges(plan),
    ...(options.diff === true ? describeDiffs(plan) : []),
    footer(plan, options.next ?? `pdeploy rollout -i ${plan.inventory.name}`),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    // Values of the playbook and of hosts are quoted: none may look like a line of ours.
    .map((lines) => lines.map((line) => line.split('\t').map(sanitize).join('\t')).join('\n'))
    .join('\n\n')}\n`;
}

/** Label and short id, or the one that says it all. */
export function named(release: { readonly id: string; readonly label: string }): string {
  const id = shortId(release.id);
  return release.label === '' || release.label === id || release.id === '' ? id : `${release.label} (${id})`;
}

function header(plan: Plan): readonly string[] {
  const git = plan.inventory.git === '' ? '' : ` (git ${plan.inventory.git})`;
  const from = plan.previous.id === plan.release.id ? '' : `${named(plan.previous)} -> `;
  const what = `${plan.service} ${from}${named(plan.release)}`;
  const files = `${plan.playbook.file}, ${plan.inventory.file}${git}`;
  const one = `${what}   ${files}`;
  return one.length <= WIDTH ? [one] : [what, ...wrap(files, WIDTH - 2).map((line) => `  ${line}`)];
}

function fleet(plan: Plan): readonly string[] {
  const instances = plan.hosts.flatMap((h) => h.instances);
  const done = instances.filter((i) => i.action === 'nothing').length;
  const already =
    done === 0 || done === instances.length ? '' : `, ${done} of them on ${shortId(plan.release.id)} already`;
  const lines = [
    ...built(plan.release.metadata),
    ...row(
      'fleet',
      `${plural(plan.hosts.length, 'host')}, ${plural(instances.length, 'instance')}${already}`,
      COLUMN,
    ),
  ];
  if (plan.cordoned.length > 0) {
    const hosts = plan.cordoned.map(({ host, cordon }) => {
      const until = cordon.until === undefined ? '' : `, until ${cordon.until}`;
      return `${host}: ${cordon.reason}${until}`;
    });
    lines.push(...row('cordoned', `${plan.cordoned.length} (${few(hosts, 3)})`, COLUMN));
  }
  if (plan.unreachable.length > 0) {
    const hosts = plan.unreachable.map((u) => `${u.host}: ${u.why}`);
    lines.push(...row('unreachable', `${plan.unreachable.length} (${few(hosts, 3)})`, COLUMN));
  }
  return lines;
}

/** What `pdeploy build` wrote down of the binary. */
function built(metadata: Plan['release']['metadata']): readonly string[] {
  const { 'build.commit': commit = '', 'build.rustc': rustc = '', 'build.target': target = '' } = metadata;
  if (rustc === '') return [];
  const from = commit.replace(/^([0-9a-f]{12})[0-9a-f]+/, '$1');
  return row('built', `from ${from || 'no commit'} by rustc ${rustc.split(' ')[0]} for ${target}`, COLUMN);
}

function footer(plan: Plan, next: string): readonly string[] {
  const touched = plan.hosts.flatMap((h) => h.instances).filter((i) => i.action !== 'nothing');
  const changed = plan.hosts.filter((h) => !isIdle(h)).length;
  if (changed === 0) return [`Plan: nothing to do. Everything is as it should be.`];
  const count = (action: string): number => touched.filter((i) => i.action === action).length;
  const parts = [
    ...(count('start') > 0 ? [plural(count('start'), 'start')] : []),
    ...(count('restart') > 0 ? [plural(count('restart'), 'restart')] : []),
    ...(count('handover') > 0 ? [plural(count('handover'), 'handover')] : []),
    ...(count('reload') > 0 ? [plural(count('reload'), 'reload')] : []),
  ];
  const hosts = `on ${plural(changed, 'host')}`;
  const work =
    parts.length === 0
      ? `changes ${hosts}, no restart`
      : `${parts.join(' and ')} ${hosts}, about ${howLong(plan)}`;
  return [
    ...wrap(`Plan: ${work}. Nothing has been changed.`, WIDTH),
    ...(next === '' ? [] : [`Next: ${next}`]),
  ];
}

/** The longer time is told where it differs, and means that each wait takes as long as it may. */
function howLong(plan: Plan): string {
  const { typicalMs, mostMs } = estimate(plan);
  const [typical, most] = [about(typicalMs), about(mostMs)];
  return typical === most ? typical : `${typical}, ${most} if every wait for traffic is used up`;
}

function about(ms: number): string {
  return ms < 60_000 ? `${Math.ceil(ms / 1_000)} s` : span(Math.ceil(ms / 60_000) * 60_000);
}
