import type { Outcome } from '../model/event.ts';
import { keysFor } from './keys.ts';
import type { FrameOptions, Row } from './layout.ts';
import { type Span, textOf, tone } from './style.ts';
import { tally, timeLeft, waitsForPromotion } from './tally.ts';
import type { View } from './view.ts';
import { pad, widthOf } from './width.ts';
import { clock, shortRelease } from './words.ts';

const ENDED: { readonly [O in Outcome]: string } = {
  succeeded: 'done',
  unchanged: 'nothing to do',
  'rolled-back': 'rolled back',
  failed: 'failed',
  interrupted: 'interrupted',
  aborted: 'aborted',
};

/** `edge 4f1c2a9 -> 9b7e01d on prod      deployment d-…      2:14 elapsed, about 3:40 left` */
export function headerRow(view: View, options: FrameOptions): Row {
  const release = shortRelease(view.to);
  const label = view.label === '' || view.label === release ? '' : ` (${view.label})`;
  const title: Span[] = [
    tone(view.service, 'bold'),
    ` ${shortRelease(view.from)} -> `,
    tone(release, 'bold'),
    `${label} on ${view.inventory}`,
  ];
  const parts = [view.deployment === '' ? '' : `deployment ${view.deployment}`, timeText(view, options.now)];
  const width = title.reduce((sum, span) => sum + widthOf(textOf(span)), 0);
  const rest = parts.reduce((sum, part) => sum + part.length, 0);
  const spare = options.columns - width - rest;
  if (spare < 4) return [...title, '   ', parts[1] ?? ''];
  const gap = ' '.repeat(Math.min(6, Math.floor(spare / 2)));
  return [...title, gap, tone(parts[0] ?? '', 'dim'), gap, parts[1] ?? ''];
}

function timeText(view: View, now: number): string {
  if (view.finished !== undefined) return `${ENDED[view.finished.outcome]} in ${clock(view.finished.ms)}`;
  const elapsed = `${clock(Number.isNaN(view.startedAt) ? 0 : now - view.startedAt)} elapsed`;
  if (view.rollback !== undefined) return `${elapsed}, rolling back`;
  if (view.pausedBy !== undefined) return `${elapsed}, paused`;
  const left = timeLeft(view, now);
  return left === undefined ? elapsed : `${elapsed}, about ${clock(left)} left`;
}

/** `  healthy 19 of 20   old 16   new 3   failed 0        p pause   a abort` */
export function footerRow(view: View, options: FrameOptions): Row {
  const { healthy, total, old, current, failed } = tally(view);
  const counts: Span[] = [
    '  ',
    tone(`healthy ${healthy} of ${total}`, failed === 0 ? 'ok' : 'warn'),
    `   old ${old}   new ${current}   `,
    failed === 0 ? 'failed 0' : tone(`failed ${failed}`, 'bad'),
  ];
  const width = counts.reduce((sum, span) => sum + widthOf(textOf(span)), 0);
  const hints = hintsOf(view, options).find((hint) => width + 3 + widthOf(hint) <= options.columns) ?? '';
  const gap = Math.max(3, Math.min(8, options.columns - width - widthOf(hints)));
  return hints === '' ? counts : [...counts, pad('', gap), tone(hints, 'dim')];
}

/** The longest that fits is shown. */
function hintsOf(view: View, options: FrameOptions): readonly string[] {
  if (view.finished !== undefined) return [];
  const state = stateOf(view);
  if (!options.keys) return state === '' ? [] : [state];
  const keys = keysFor(view).map(({ key, asks }) => `${key} ${asks}`);
  const stop = view.stoppingBy === undefined ? 'ctrl-c stop after this instance' : 'ctrl-c again: stop now';
  const full = [state, ...keys, stop].filter((part) => part !== '').join('   ');
  const short = [state, ...keys, 'ctrl-c stop'].filter((part) => part !== '').join('  ');
  const terse = [state, ...keys].filter((part) => part !== '').join('  ');
  return [full, short, terse, state].filter((hint) => hint !== '');
}

function stateOf(view: View): string {
  if (view.abortedBy !== undefined) return `aborted by ${view.abortedBy}`;
  if (view.stoppingBy !== undefined) return `stopping, asked by ${view.stoppingBy}`;
  if (view.pausedBy !== undefined) return `paused by ${view.pausedBy}`;
  return waitsForPromotion(view) ? 'the canary is healthy, waiting for promote' : '';
}
