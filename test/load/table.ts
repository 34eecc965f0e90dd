import { allSeen, failedOf, failures, type LoadRow, requestsOf } from './measure.ts';
import { type Seen, sum } from './seen.ts';

/** What was measured so far, as tables of docs/zero-downtime.md. */
export function loadTables(rows: readonly LoadRow[]): string {
  return [scenarioTable(rows), p99Table(rows), clientTable(rows)].join('\n');
}

function scenarioTable(rows: readonly LoadRow[]): string {
  const failed = rows.reduce((n, r) => n + failedOf(r), 0);
  return table(
    ['scenario', 'requests', 'failed', 'took'],
    [
      ...rows.map((r) => [
        r.scenario,
        number(requestsOf([r])),
        failedOf(r) === 0 ? '0' : `${failedOf(r)} (${failures(r)})`,
        `${Math.round(r.seconds)} s`,
      ]),
      ['all', number(requestsOf(rows)), `${failed}`, ''],
    ],
  );
}

/** Their answers take as long as they were told to, as the body does, or as those of another client. */
const WITHOUT_P99 = ['slow answers', '20 MB uploads', 'release by time'];

/** A row a scenario, a column a client. */
function p99Table(rows: readonly LoadRow[]): string {
  const clients = [...new Set(rows.flatMap((r) => r.during.map((s) => s.client)))].filter(
    (client) => !WITHOUT_P99.includes(client),
  );
  const p99 = (seen: readonly Seen[], client: string): number =>
    seen.find((s) => s.client === client)?.p99Ms ?? Number.NaN;
  const cell = (row: LoadRow, client: string): string => {
    const [quiet, during] = [p99(row.quiet, client), p99(row.during, client)];
    return Number.isNaN(quiet + during)
      ? ''
      : `${ms(quiet)} → ${ms(during)} (${(during / quiet).toFixed(1)})`;
  };
  return table(
    ['p99 in ms, quiet → during', ...clients],
    rows.map((r) => [r.scenario, ...clients.map((client) => cell(r, client))]),
  );
}

/** The clients of all rows together. */
function clientTable(rows: readonly LoadRow[]): string {
  const clients = Map.groupBy(rows.flatMap(allSeen), (s) => s.client);
  return table(
    ['client', 'requests', 'failed', 'told apart'],
    [...clients].map(([client, all]) => {
      const apart = new Map<string, number>();
      for (const [kind, n] of all.flatMap((s) => Object.entries(s.apart ?? {})))
        apart.set(kind, (apart.get(kind) ?? 0) + n);
      return [
        client,
        number(all.reduce((n, s) => n + s.requests, 0)),
        `${all.reduce((n, s) => n + sum(s.failed), 0)}`,
        [...apart].map(([kind, n]) => `${number(n)} ${kind}`).join(', '),
      ];
    }),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
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
const ms = (n: number): string => n.toFixed(n < 10 ? 1 : 0);
