import type { ReleaseMark } from '../model/release.ts';
import { line, type Span, type Style, tone } from './style.ts';
import { table } from './table.ts';
import { age, count, shortRelease } from './words.ts';

export type StatusRow = {
  readonly host: string;
  readonly instance: string;
  /** Release id, '' for none. */
  readonly release: string;
  readonly health: 'healthy' | 'unhealthy' | 'stopped' | 'unknown';
  /** Milliseconds the process has been running. */
  readonly sinceMs?: number;
  readonly note: string;
};

export type Status = {
  readonly service: string;
  readonly inventory: string;
  /** What most instances run, '' for none. */
  readonly release: string;
  readonly label: string;
  readonly mark: ReleaseMark | '';
  /** ISO date and name of who marked it. */
  readonly at?: string;
  readonly by?: string;
  readonly rows: readonly StatusRow[];
  readonly unreachable?: readonly { readonly host: string; readonly why: string }[];
};

/** What runs where. Those that agree are one line when there are more than a screen; those that differ always show. */
export function statusTable(status: Status, now: Date, style: Style, screenRows = 24): string {
  const missing = (status.unreachable ?? []).map(
    ({ host, why }): StatusRow => ({ host, instance: '', release: '', health: 'unknown', note: why }),
  );
  const rows = [...status.rows, ...missing];
  const agree = rows.length > screenRows - 4 ? largestGroup(rows) : [];
  const folded = agree.length > 1 ? [foldedRow(agree)] : [];
  const shown = folded.length > 0 ? rows.filter((row) => !agree.includes(row)) : rows;
  const header = ['HOST', 'INSTANCE', 'RELEASE', 'HEALTH', 'SINCE', 'NOTE'];
  const body = table(header, [...folded, ...shown.map(cells)], style);
  return [headline(status, now, style), ...body].join('\n');
}

function headline(status: Status, now: Date, style: Style): string {
  const total = status.rows.length;
  const healthy = status.rows.filter((row) => row.health === 'healthy').length;
  const release = shortRelease(status.release);
  const label = status.label === '' || status.label === release ? '' : ` ${status.label}`;
  const facts = [
    status.mark,
    status.at === undefined ? '' : when(status.at, now),
    status.by === undefined ? '' : `by ${status.by}`,
  ].filter((fact) => fact !== '');
  const unreachable = status.unreachable?.length ?? 0;
  const spans: Span[] = [
    tone(`${status.service} on ${status.inventory}`, 'bold'),
    '          release ',
    tone(`${release}${label}`, 'bold'),
    facts.length === 0 ? '' : ` (${facts.join(', ')})`,
    '        ',
    tone(`${healthy} of ${total} healthy`, healthy === total && unreachable === 0 ? 'ok' : 'bad'),
    unreachable === 0 ? '' : tone(`, ${count(unreachable, 'host')} not reached`, 'bad'),
  ];
  return line(spans, style, style.columns);
}

function cells(row: StatusRow): readonly Span[] {
  return [
    row.host,
    row.instance,
    row.release === '' ? '-' : shortRelease(row.release),
    healthSpan(row.health),
    row.sinceMs === undefined ? '-' : age(row.sinceMs),
    row.note,
  ];
}

function healthSpan(health: StatusRow['health']): Span {
  return tone(health, health === 'healthy' ? 'ok' : health === 'unknown' ? 'warn' : 'bad');
}

function largestGroup(rows: readonly StatusRow[]): readonly StatusRow[] {
  const groups = new Map<string, StatusRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.release, row.health, row.note]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].reduce((most, group) => (group.length > most.length ? group : most), []);
}

function foldedRow(rows: readonly StatusRow[]): readonly Span[] {
  const [first] = rows;
  if (first === undefined) return [];
  const hosts = new Set(rows.map((row) => row.host)).size;
  const since = rows.map((row) => row.sinceMs ?? 0).reduce((least, ms) => Math.min(least, ms));
  const [, , release = '', health = '', , note = ''] = cells(first);
  return [
    count(hosts, 'host'),
    count(rows.length, 'instance'),
    release,
    health,
    `${age(since)} or more`,
    note,
  ];
}

/** Local date and time of day, as in `2026-11-22 23:07`. */
function when(at: string, now: Date): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime()) || date.getTime() > now.getTime() + 86_400_000) return at;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
