import { type Style, tone } from './style.ts';
import { table } from './table.ts';

/** What was open on a host, and what became of it; several rows a host, none where nothing was. */
export type SettleRow = { readonly host: string; readonly what: string; readonly ok: boolean };

/** What `resume` found on the hosts when there is no record here to go on with. */
export function settleTable(rows: readonly SettleRow[], style: Style): string {
  const cells = rows.map(({ host, what, ok }) => [host, tone(what, ok ? 'ok' : 'bad')]);
  return table(['HOST', 'WAS OPEN'], cells, style).join('\n');
}
