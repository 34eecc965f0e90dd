import type { InstancePlan, Plan, Wave } from '../model/plan.ts';
import { shortId } from '../model/release.ts';
import { floorsOf } from './floors.ts';
import { few, plural, row, span } from './text-block.ts';

/** In which order, how carefully, and what happens when it goes wrong. */
export function describeRollout(plan: Plan, column: number): readonly string[] {
  if (plan.waves.length === 0) return [];
  return [
    ...waves(plan).flatMap(([label, text]) => row(label, text, column)),
    ...healthy(plan).flatMap((text, n) => row(n === 0 ? 'healthy' : '', text, column)),
    ...row('each', each(plan), column),
    ...handovers(plan).flatMap((text, n) => row(n === 0 ? 'handover' : '', text, column)),
    ...row('failure', failure(plan), column),
    ...stuck(plan).flatMap((text) => row('', text, column)),
  ];
}

type Line = readonly [label: string, text: string];

function waves(plan: Plan): readonly Line[] {
  const instances = new Map(plan.hosts.flatMap((h) => h.instances.map((i) => [i.id, i] as const)));
  const lines: Line[] = [];
  const sick = plan.waves.flatMap((w) => w.instances.filter((id) => isSick(instances.get(id))));
  let first: Wave | undefined;
  let last: Wave | undefined;
  const flush = (): void => {
    if (first === undefined || last === undefined) return;
    const label = first === last ? `wave ${first.number}` : `waves ${first.number}-${last.number}`;
    const size = first.instances.length;
    const named = first === last && size <= 3 ? `: ${first.instances.join(', ')}` : '';
    const many = size === 1 ? '1 instance' : `${size} instances`;
    lines.push([label, `${many}${named === '' ? ' at a time' : named}`]);
    first = undefined;
  };
  for (const wave of plan.waves) {
    if (wave.canary) {
      lines.push([`wave ${wave.number}`, `canary ${few(wave.instances)}${promotion(plan)}`]);
      continue;
    }
    if (first !== undefined && first.instances.length !== wave.instances.length) flush();
    first ??= wave;
    last = wave;
  }
  flush();
  if (sick.length > 0) lines.push(['first', `unhealthy now: ${few(sick)}`]);
  if (plan.strategy.pauseBetweenWavesMs > 0 && plan.waves.length > 1) {
    lines.push(['between', `${span(plan.strategy.pauseBetweenWavesMs)} pause after each wave`]);
  }
  return lines;
}

/** One that was never installed is not ill. */
function isSick(instance: InstancePlan | undefined): boolean {
  return instance?.broken === true && instance.from !== '';
}

function promotion(plan: Plan): string {
  return plan.strategy.promote === 'manual' ? ', then waits for pdeploy promote' : '';
}

/** Absolute numbers, domains that agree on one line. */
function healthy(plan: Plan): readonly string[] {
  const groups = Map.groupBy(floorsOf(plan), (f) => `${f.floor} of ${f.total}`);
  return [...groups].map(([amount, floors]) => {
    const [one] = floors;
    const domain = plan.strategy.minHealthyPerDomain?.domain ?? 'fleet';
    const where =
      floors.length === 1 ? (one?.label ?? '') : `each of ${domain}s ${few(floors.map((f) => f.name))}`;
    return `at least ${amount} in ${where}`;
  });
}

function each(plan: Plan): string {
  const { minHealthyMs, healthyDeadlineMs } = plan.strategy;
  const actions = new Set(plan.hosts.flatMap((h) => h.instances.map((i) => i.action)));
  const verb = (['restart', 'handover', 'reload', 'start'] as const).find((a) => actions.has(a)) ?? 'start';
  const drain =
    plan.drain === undefined || verb !== 'restart'
      ? ''
      : `drain ${plan.drain.through} (${span(plan.drain.waitMs)}), `;
  const through =
    plan.through === undefined
      ? ''
      : `, seen through ${plan.through.by} within ${span(plan.through.withinMs)}`;
  return `${drain}${verb}, healthy for ${span(minHealthyMs)} within ${span(healthyDeadlineMs)}${through}`;
}

/** Who hands over, and who is restarted although the playbook would rather not. */
function handovers(plan: Plan): readonly string[] {
  const instances = plan.hosts.flatMap((h) => h.instances);
  const able = instances.filter((i) => i.action === 'handover');
  const not = Map.groupBy(
    instances.filter((i) => i.noHandover !== undefined),
    (i) => i.noHandover,
  );
  if (able.length === 0 && not.size === 0) return [];
  const count = able.length === 0 ? [] : [`${plural(able.length, 'instance')} without a restart`];
  return [...count, ...[...not].map(([why, ones]) => `${few(ones.map((i) => i.id))} restarts: ${why}`)];
}

function failure(plan: Plan): string {
  const { maxFailures, rollback } = plan.strategy;
  const when = maxFailures === 0 ? '' : `after more than ${plural(maxFailures, 'failed instance')}: `;
  if (rollback === 'none') return `${when}it stops, and nothing goes back`;
  const [who, many] = SCOPES[rollback];
  if (plan.previous.id === '') return `${when}${who} ${many ? 'are' : 'is'} removed again (first install)`;
  return `${when}${who} ${many ? 'go' : 'goes'} back to ${target(plan)}`;
}

const SCOPES = {
  deployment: ['all switched instances', true],
  wave: ['the instances of the wave', true],
  instance: ['only the failed instance', false],
} as const;

function target({ previous, hosts }: Plan): string {
  const able = hosts.filter((h) => h.rollback.possible).length;
  const mark = previous.mark === 'unproven' ? 'not proven' : previous.mark;
  return `${shortId(previous.id)} (${mark}, present and verified on ${able} of ${plural(hosts.length, 'host')})`;
}

/** Hosts that could not go back, and what would stay after a rollback. */
function stuck(plan: Plan): readonly string[] {
  const groups = Map.groupBy(plan.hosts, (h) => h.rollback.why);
  return [...groups].flatMap(([why, hosts]) => {
    const [one] = hosts;
    if (one === undefined) return [];
    const names = few(hosts.map((h) => h.host));
    if (!one.rollback.possible) return [`no way back on ${names}: ${why}`];
    const stays = why.split('; stays: ')[1];
    return stays === undefined ? [] : [`stays after a rollback: ${stays} (${names})`];
  });
}
