import type { Evidence } from '../model/health.ts';
import { sanitizeLines } from '../util/sanitize.ts';
import { glyph, type Span, type Style, tone } from './style.ts';
import type { InstanceView, View } from './view.ts';
import { about, count, seconds, shortRelease } from './words.ts';

const SHOWN = 3;
const LOG_LINES = 20;

type Lines = readonly (readonly Span[])[];

/** Why hosts and instances failed, in the host's own words, and how each was taken back. */
export function failureBlocks(view: View, style: Style): Lines {
  const hosts = [...view.hosts.values()].filter((host) => host.phase === 'failed');
  const instances = [...view.instances.values()].filter((i) => i.failure !== undefined);
  const shown = instances.slice(0, SHOWN);
  const lines: (readonly Span[])[] = [
    ...hosts
      .slice(0, SHOWN)
      .map((host) => [glyph('failed', style), ` ${about(host.host, `could not be prepared: ${host.why}`)}`]),
    ...shown.flatMap((instance) => instanceBlock(instance, view, style)),
  ];
  const hidden = hosts.length - Math.min(hosts.length, SHOWN) + instances.length - shown.length;
  if (hidden > 0) lines.push([`  and ${hidden} more: pdeploy report ${view.deployment}`]);
  const back = [...view.instances.values()].filter((instance) => instance.phase === 'reverted');
  for (const instance of back.slice(0, SHOWN)) lines.push(revertedLine(instance, view, style));
  if (back.length > SHOWN) {
    lines.push([
      glyph('done', style),
      ` rolled back  ${count(back.length - SHOWN, 'more instance')}, healthy`,
    ]);
  }
  return lines.length === 0 ? [] : [...lines, []];
}

function instanceBlock(instance: InstanceView, view: View, style: Style): Lines {
  const message = instance.failure?.message ?? '';
  const head = [glyph('failed', style), ' ', tone(about(instance.id, message), 'bold')];
  const evidence =
    instance.evidence === undefined
      ? []
      : evidenceLines(instance.evidence, nameOf(instance.evidence.release, instance, view));
  const restored: Lines = instance.restored
    ? [
        [
          glyph('done', style),
          ` ${instance.id} ${view.from === '' ? 'its host has removed it' : `its host has gone back to ${shortRelease(view.from)}`} by itself`,
        ],
      ]
    : [];
  return [head, ...evidence, ...restored];
}

/** Its release by the name that people know: ids of a fleet and of a host differ where hosts render differently. */
function nameOf(digest: string | undefined, instance: InstanceView, view: View): string {
  if (digest === undefined) return '';
  if (digest === '') return ', a program that is no release';
  if (digest === instance.to) return `, release ${shortRelease(view.to)}`;
  return `, still release ${shortRelease(digest === instance.from ? view.from : digest)}`;
}

function evidenceLines(evidence: Evidence, release: string): Lines {
  const restarts = count(evidence.restarts, 'restart');
  const listens =
    evidence.listens.length === 0
      ? 'listens on nothing'
      : `listens on ${evidence.listens.map((port) => `:${port}`).join(', ')}`;
  const process =
    evidence.pid > 0
      ? `the process runs (pid ${evidence.pid}${release}), ${listens}, ${restarts}`
      : `the process does not run (${evidence.unitState}, result ${evidence.result}), ${restarts}`;
  const logs = evidence.logs.flatMap(sanitizeLines).filter((text) => text !== '');
  if (logs.length === 0) return [[`    ${process}`], ['    it has logged nothing']];
  return [
    [`    ${process}`],
    ['    last lines of this invocation:'],
    ...logs.slice(-LOG_LINES).map((text) => [`      ${text}`]),
  ];
}

function revertedLine(instance: InstanceView, view: View, style: Style): readonly Span[] {
  if (view.from === '') return [glyph('done', style), ` rolled back  ${instance.id} removed again`];
  const took = instance.revertedMs === undefined ? '' : ` in ${seconds(instance.revertedMs)}`;
  return [glyph('done', style), ` rolled back  ${instance.id} -> ${shortRelease(view.from)}, healthy${took}`];
}
