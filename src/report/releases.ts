import type { ReleaseMark } from '../model/release.ts';
import { type Span, type Style, type Tone, tone } from './style.ts';
import { table } from './table.ts';
import { age, shortRelease } from './words.ts';

/** What a line is made of; a release of the state store fits. */
export type ReleaseRow = {
  readonly id: string;
  readonly label: string;
  readonly savedAt: string;
  readonly mark: ReleaseMark;
  readonly markedBy?: string;
  readonly reason?: string;
  readonly digests: ReadonlyMap<string, string>;
};

const TONES: { readonly [M in ReleaseMark]: Tone } = { proven: 'ok', bad: 'bad', unproven: 'warn' };

/** Known releases, as given: last deployed first. */
export function releasesTable(rows: readonly ReleaseRow[], now: Date, style: Style): string {
  const header = ['RELEASE', 'LABEL', 'MARK', 'DEPLOYED', 'HOSTS', 'BY', 'WHY'];
  const cells = rows.map((row): Span[] => [
    shortRelease(row.id),
    row.label,
    tone(row.mark, TONES[row.mark]),
    `${age(now.getTime() - Date.parse(row.savedAt))} ago`,
    String(row.digests.size),
    row.markedBy ?? '',
    row.reason ?? '',
  ]);
  return table(header, cells, style).join('\n');
}
