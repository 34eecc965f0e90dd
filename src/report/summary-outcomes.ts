import { glyph, type Span, type Style, tone } from './style.ts';
import { tally } from './tally.ts';
import type { InstanceView, View } from './view.ts';
import { clock, count, names, shortRelease } from './words.ts';

const SHOWN = 20;

type Lines = readonly (readonly Span[])[];

export function succeeded(view: View, style: Style): Lines {
  const { healthy, total } = countsOf(view);
  const hosts = count(view.totalHosts, 'host');
  return [
    [
      glyph('done', style),
      tone(` Done. ${view.service} on ${view.inventory} is on ${shortRelease(view.to)}`, 'bold'),
      `: ${healthy} of ${total} healthy on ${hosts}, in ${clock(view.finished?.ms ?? view.lastT)}.`,
    ],
    ...leftOut(view, style),
    [
      'Next: ',
      tone(`pdeploy status -i ${view.inventory}`, 'bold'),
      `     back: pdeploy rollback -i ${view.inventory}`,
    ],
  ];
}

export function unchanged(view: View, style: Style): Lines {
  const { healthy, total } = countsOf(view);
  return [
    [
      glyph('done', style),
      ` Nothing to do: ${view.service} on ${view.inventory} is on ${shortRelease(view.to)} already, ${healthy} of ${total} healthy. Nothing has been changed.`,
    ],
    ...leftOut(view, style),
    ['Next: ', tone(`pdeploy status -i ${view.inventory}`, 'bold')],
  ];
}

export function rolledBack(view: View, style: Style, marked: boolean): Lines {
  const began = [...view.instances.values()].some((instance) => instance.touched);
  const mark = `${shortRelease(view.to)} is marked bad (${view.deployment}). `;
  return [
    [
      tone(began ? 'Failed and rolled back.' : 'Failed before any instance was touched.', 'warn'),
      ` ${fleetText(view)}`,
    ],
    ...untouchedLines(view),
    ...leftOut(view, style),
    [marked && began ? mark : '', 'Report: ', tone(`pdeploy report ${view.deployment}`, 'bold')],
  ];
}

export function aborted(view: View, style: Style): Lines {
  const by = view.abortedBy === undefined ? '' : ` by ${view.abortedBy}`;
  return [
    [tone(`Aborted${by}.`, 'warn'), ` ${fleetText(view)}`],
    ...stuckLines(view),
    ...untouchedLines(view),
    ...leftOut(view, style),
    [
      'Next: ',
      tone(`pdeploy rollout -i ${view.inventory}`, 'bold'),
      `     Report: pdeploy report ${view.deployment}`,
    ],
  ];
}

/** The one that needs a person: each host that is not where it should be, and the exact command for it. */
export function failed(view: View, style: Style): Lines {
  const stuck = stuckInstances(view);
  const hosts = new Set(stuck.map((instance) => instance.id.slice(0, instance.id.lastIndexOf('@'))));
  const cause = view.finished?.cause ?? '';
  return [
    [
      tone('Failed, NOT fully rolled back.', 'bad'),
      hosts.size === 0 ? ' A person is needed.' : ` A person is needed on ${count(hosts.size, 'host')}.`,
      hosts.size === 0 && cause !== '' ? ` ${cause}` : '',
    ],
    ...stuckLines(view),
    [`  ${restText(view)}`],
    ...untouchedLines(view),
    ...leftOut(view, style),
    ['Report: ', tone(`pdeploy report ${view.deployment}`, 'bold')],
  ];
}

export function interrupted(view: View, style: Style, known = ''): Lines {
  const { total, current, old, healthy } = tally(view);
  const inHand = [...view.instances.values()].filter((i) =>
    ['switching', 'trial', 'healthy', 'reverting', 'rechecking'].includes(i.phase),
  );
  const why =
    view.finished === undefined && known === ''
      ? 'The log has no end: the controller was killed, or it still runs.'
      : '';
  const cause = view.finished?.cause ?? known;
  return [
    [
      tone(`Interrupted${cause === '' ? '' : ` (${cause})`}.`, 'warn'),
      ` ${count(current, 'instance')} on ${shortRelease(view.to)}, ${old} on ${shortRelease(view.from)}, ${healthy} of ${total} healthy. ${why}`,
    ],
    ...inHand
      .slice(0, SHOWN)
      .map((i) => [
        `  ${i.id}   in hand; its host goes back to ${shortRelease(view.from)} by itself unless it was committed`,
      ]),
    ...stuckLines(view),
    ...untouchedLines(view),
    ...leftOut(view, style),
    [
      'Next: ',
      tone(`pdeploy resume ${view.deployment}`, 'bold'),
      `     back: pdeploy rollback -i ${view.inventory}`,
    ],
  ];
}

/** `19 instances on 4f1c2a9, healthy.` */
function restText(view: View): string {
  const { old, current, healthy, total } = view.finished?.counts ?? tally(view);
  const from = view.from === '' ? 'as before' : `on ${shortRelease(view.from)}`;
  if (current === 0 && old === healthy) return `${count(old, 'instance')} ${from}, healthy.`;
  return `${count(old, 'instance')} ${from}, ${current} on ${shortRelease(view.to)}: ${healthy} of ${total} healthy.`;
}

function fleetText(view: View): string {
  const { healthy, total, current } = countsOf(view);
  const from = shortRelease(view.from);
  if (current === 0 && view.from === '') return 'Nothing was installed before, and nothing is now.';
  if (current > 0)
    return `${count(current, 'instance')} on ${shortRelease(view.to)}, the others on ${from}: ${healthy} of ${total} healthy.`;
  return `The fleet is on ${from}: ${healthy} of ${total} healthy.`;
}

function countsOf(view: View): { healthy: number; total: number; current: number; untouched: number } {
  return view.finished?.counts ?? tally(view);
}

function untouchedLines(view: View): Lines {
  const { untouched, total } = tally(view);
  if (untouched === 0) return [];
  if (untouched === total) return [['No instance was touched.']];
  const ids = [...view.instances.values()].filter((i) => !i.touched).map((i) => i.id);
  const which = ids.length === untouched ? `: ${names(ids, 6)}` : '';
  return [[`${count(untouched, 'instance was', 'instances were')} never touched${which}.`]];
}

/** Not on the release they should be on, or not healthy. */
function stuckInstances(view: View): readonly InstanceView[] {
  return [...view.instances.values()].filter(
    (i) =>
      i.phase === 'revert-failed' ||
      (i.phase === 'failed' && !i.restored) ||
      (view.finished?.outcome === 'failed' && i.phase === 'reverting'),
  );
}

function stuckLines(view: View): Lines {
  const stuck = stuckInstances(view);
  const width = stuck.reduce((most, i) => Math.max(most, i.id.length), 0);
  const shown = stuck.slice(0, SHOWN).flatMap((instance): Lines => {
    const why = instance.revertFailure?.message ?? instance.failure?.message ?? 'it was on its way back';
    const state = instance.unreachable ? 'cannot be reached' : notBack(view);
    return [
      [`  ${instance.id.padEnd(width)}   `, tone(`${state}: ${why}`, 'bad')],
      ...fixes(instance, view).map((fix) => [`  ${' '.repeat(width)}   fix:  `, tone(fix, 'bold')]),
    ];
  });
  const hidden = stuck.length - Math.min(stuck.length, SHOWN);
  return hidden === 0 ? shown : [...shown, [`  and ${hidden} more: pdeploy report ${view.deployment}`]];
}

function notBack(view: View): string {
  return view.from === '' ? 'not removed again' : `not back on ${shortRelease(view.from)}`;
}

function fixes(instance: InstanceView, view: View): readonly string[] {
  if (instance.fix.length > 0) return instance.fix;
  const host = instance.id.slice(0, instance.id.lastIndexOf('@'));
  if (view.from === '') return [`pdeploy status -i ${view.inventory} -l ${host}`];
  return [`pdeploy rollout -i ${view.inventory} -l ${host} --release ${shortRelease(view.from)}`];
}

function leftOut(view: View, style: Style): Lines {
  const out = [...view.hosts.values()].filter(
    (host) => host.phase === 'skipped' || host.phase === 'deferred',
  );
  if (out.length === 0) return [];
  const lines = out
    .slice(0, SHOWN)
    .map((host) => [glyph('warning', style), ` ${host.host} was ${host.phase}: ${host.why}`]);
  const hidden = out.length - lines.length;
  return hidden === 0 ? lines : [...lines, [`  and ${hidden} more hosts`]];
}
