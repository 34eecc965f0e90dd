import type { Outcome } from '../model/event.ts';
import { assertNever } from '../util/assert-never.ts';
import { type Span, type Style, tone } from './style.ts';
import { table } from './table.ts';
import { age, count, shortRelease } from './words.ts';

/** What a line of the history is made of; a summary of the state store fits. */
export type HistoryRow = {
  readonly id: string;
  readonly startedAt: string;
  readonly actor: string;
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly instances: number;
  readonly outcome?: Outcome;
  readonly cause: string;
  /** Milliseconds. */
  readonly took?: number;
  readonly running?: boolean;
};

/** `d-20261122-2301-k3   5 min ago   ops   4f1c2a9 -> 9b7e01d   rolled back: edge-03@1 not healthy   2m31s` */
export function historyTable(rows: readonly HistoryRow[], now: Date, style: Style): string {
  const header = ['DEPLOYMENT', 'WHEN', 'WHO', 'RELEASE', 'OUTCOME', 'TOOK'];
  const cells = rows.map((row): Span[] => [
    row.id,
    `${age(now.getTime() - Date.parse(row.startedAt))} ago`,
    row.actor,
    releaseText(row),
    outcomeText(row),
    row.took === undefined ? '' : took(row.took),
  ]);
  return table(header, cells, style, header.indexOf('OUTCOME')).join('\n');
}

function releaseText(row: HistoryRow): string {
  const to = shortRelease(row.to);
  const label = row.label === '' || row.label === to ? '' : ` (${row.label})`;
  return `${shortRelease(row.from)} -> ${to}${label}`;
}

function outcomeText(row: HistoryRow): Span {
  if (row.outcome === undefined)
    return row.running === true ? tone('running', 'run') : tone('interrupted: its controller ended', 'warn');
  const because = row.cause === '' ? '' : `: ${row.cause}`;
  switch (row.outcome) {
    case 'succeeded':
      return tone(`done, ${count(row.instances, 'instance')}`, 'ok');
    case 'unchanged':
      return 'nothing to do';
    case 'rolled-back':
      return tone(`rolled back${because}`, 'warn');
    case 'aborted':
      return tone(`aborted${because}`, 'warn');
    case 'failed':
      return tone(`FAILED, not fully rolled back${because}`, 'bad');
    case 'interrupted':
      return tone(`interrupted${because}`, 'warn');
    default:
      return assertNever(row.outcome);
  }
}

function took(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3_600)}h${two(Math.floor((seconds % 3_600) / 60))}m`;
}
