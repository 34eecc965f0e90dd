import { type Span, type Style, tone } from './style.ts';
import { table } from './table.ts';
import { seconds } from './words.ts';

export type LockRow = {
  readonly host: string;
  /** '' when nobody holds it. */
  readonly holder: string;
  readonly deployment: string;
  readonly epoch: number;
  /** Milliseconds; a manual lease has no end. */
  readonly expiresInMs?: number;
  readonly manual: boolean;
  readonly reason: string;
};

/** Who holds the lease of each host, and until when. */
export function lockTable(rows: readonly LockRow[], style: Style): string {
  const header = ['HOST', 'LEASE', 'DEPLOYMENT', 'EPOCH', 'ENDS', 'WHY'];
  const cells = rows.map((row): Span[] => {
    const free = row.holder === '';
    return [
      row.host,
      free ? tone('free', 'ok') : tone(`held by ${row.holder}`, 'warn'),
      free ? '' : row.deployment,
      String(row.epoch),
      free ? '' : endText(row),
      row.reason,
    ];
  });
  return table(header, cells, style).join('\n');
}

function endText(row: LockRow): string {
  if (row.manual) return 'when released';
  if (row.expiresInMs === undefined) return '';
  return row.expiresInMs <= 0 ? 'expired' : `in ${seconds(row.expiresInMs)}`;
}
