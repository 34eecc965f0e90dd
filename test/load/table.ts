import { failures, type LoadRow } from './measure.ts';

const HEAD = [
  '| scenario | requests | failed | p99 quiet | p99 during | ratio | took |',
  '|---|---|---|---|---|---|---|',
];

/** The measured rows as a table of docs/zero-downtime.md. */
export function loadTable(rows: readonly LoadRow[]): string {
  const total = rows.reduce((sum, r) => sum + r.requests, 0);
  const failed = rows.reduce((sum, r) => sum + r.failed, 0);
  return [
    ...HEAD,
    ...rows.map((r) => {
      const why = r.failed === 0 ? '0' : `${r.failed} (${failures(r)})`;
      const ratio = r.p99DuringMs / r.p99QuietMs;
      return `| ${r.scenario} | ${number(r.requests)} | ${why} | ${ms(r.p99QuietMs)} | ${ms(r.p99DuringMs)} | ${ratio.toFixed(1)} | ${Math.round(r.seconds)} s |`;
    }),
    `| all | ${number(total)} | ${failed} | | | | |`,
    '',
  ].join('\n');
}

/** The clients of all rows together. */
export function clientTable(rows: readonly LoadRow[]): string {
  const clients = Map.groupBy(
    rows.flatMap((r) => r.seen),
    (s) => s.client,
  );
  return [
    '| client | requests | failed |',
    '|---|---|---|',
    ...[...clients].map(([client, all]) => {
      const failed = all.reduce((sum, s) => sum + Object.values(s.failed).reduce((a, b) => a + b, 0), 0);
      return `| ${client} | ${number(all.reduce((sum, s) => sum + s.requests, 0))} | ${failed} |`;
    }),
    '',
  ].join('\n');
}

/** Puts a text between two comments of a page. @throws Error when the page lacks them */
export function replaceBetween(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`the page has no ${begin}`);
  return `${before}${begin}\n${text}${end}${after}`;
}

const number = (n: number): string => n.toLocaleString('en');
const ms = (n: number): string => `${n.toFixed(1)} ms`;
