import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { failedOf, failures, type LoadRow, requestsOf, toldApart } from './measure.ts';
import { loadPicture } from './picture.ts';
import { loadTables, replaceBetween } from './table.ts';

/** Requests of the long programme, which writes docs/zero-downtime.md; without it the short one of CI. */
export const WANTED = Number(process.env.PDEPLOY_TEST_LOAD ?? 0);
export const LONG = WANTED > 0;
/** Of the requests of the long programme; the others go to one host with handovers. */
export const SHARE_OF_BALANCED = 0.75;

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));

/**
 * Tells of each scenario as it ends. The long programme then also writes all so far into the page, so that one that is stopped leaves what
 * it has measured. @param name of the place in the page, and of the picture
 */
export function openRecord(name: 'restart' | 'handover') {
  const busy = loadavg()[0] ?? 0;
  return (rows: readonly LoadRow[], pictured: number): void => {
    const row = rows.at(-1);
    if (row === undefined) return;
    const words = [`${failedOf(row)} failed`, failures(row), toldApart(row)].filter((text) => text !== '');
    const took = `${row.seconds.toFixed(0)} s`;
    process.stderr.write(`${row.scenario}: ${requestsOf([row])} requests, ${took}, ${words.join('; ')}\n`);
    if (!LONG) return;
    const page = readFileSync(`${DOCS}zero-downtime.md`, 'utf8');
    const run = `\`REQUESTS=${WANTED}\`, on ${availableParallelism()} cores with a load of ${busy.toFixed(1)} before it began.\n`;
    writeFileSync(`${DOCS}zero-downtime.md`, replaceBetween(page, name, `${run}\n${loadTables(rows)}`));
    writeFileSync(`${DOCS}zero-downtime-${name}.svg`, picture(rows.slice(0, pictured)));
  };
}

/** The scenarios one after the other, without the quiet between them. */
function picture(rows: readonly LoadRow[]): string {
  const timeline = new Map<number, ReadonlyMap<string, number>>();
  const marks: { at: number; text: string }[] = [];
  for (const row of rows) {
    const at = timeline.size === 0 ? 0 : Math.max(...timeline.keys()) + 1;
    marks.push({ at, text: row.scenario });
    for (const [second, counts] of row.timeline) timeline.set(at + second, counts);
  }
  return loadPicture(timeline, marks);
}
