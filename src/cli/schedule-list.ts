import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { detectStyle, tone } from '../report/style.ts';
import { table } from '../report/table.ts';
import { deadLetters, readLastRun } from '../schedule/notice.ts';
import { projectDigest } from '../schedule/units.ts';
import type { Args } from './args.ts';
import { out } from './io.ts';
import { projectState } from './project.ts';
import { hasSystemd, nextElapse, showUnit, UNIT_FOLDER } from './systemd.ts';

type Row = {
  readonly name: string;
  readonly what: string;
  readonly every: string;
  /** ISO times; '' when there was or will be none. */
  readonly last: string;
  readonly next: string;
  /** `ok`, `running`, `never` or why it failed. */
  readonly result: string;
  readonly note: string;
};

/** The timers of this project, as systemd has them. */
export async function list(args: Args): Promise<void> {
  const { project, directory } = await projectState(process.cwd());
  const rows = hasSystemd() ? timersOf(project).map((name) => rowOf(name, directory)) : [];
  const letters = existsSync(directory) ? deadLetters(directory).length : 0;
  if (args.output === 'json')
    return out.data(JSON.stringify({ v: 1, schedules: rows, undelivered: letters }, null, 2));
  if (rows.length === 0)
    out.err(hasSystemd() ? 'Nothing is scheduled here.' : 'There is no systemd here: see the crontab.');
  else {
    const cells = rows.map((row) => [
      row.what,
      row.every,
      shownTime(row.last),
      row.result === 'ok' || row.result === 'never' || row.result === 'running'
        ? row.result
        : tone(row.result, 'bad'),
      shownTime(row.next),
      row.note,
    ]);
    const header = ['JOB', 'EVERY', 'LAST', 'RESULT', 'NEXT', 'NOTE'];
    out.data(table(header, cells, detectStyle(process.stdout, process.env)).join('\n'));
  }
  if (letters > 0) out.err(`${letters} notices could not be delivered; they are tried again with the next.`);
}

function timersOf(project: string): readonly string[] {
  const pattern = new RegExp(`^(pdeploy-.*-${projectDigest(project)})\\.timer$`);
  return readdirSync(UNIT_FOLDER)
    .sort()
    .flatMap((file) => pattern.exec(file)?.[1] ?? []);
}

function rowOf(name: string, state: string): Row {
  const text = readFileSync(join(UNIT_FOLDER, `${name}.timer`), 'utf8');
  const timer = showUnit(`${name}.timer`, ['ActiveState']);
  const service = showUnit(`${name}.service`, [
    'ActiveState',
    'Result',
    'ExecMainStatus',
    'ExecMainStartTimestamp',
  ]);
  const last = timeOf(service.get('ExecMainStartTimestamp'));
  return {
    name,
    what: /^Description=pdeploy: (.*), every/m.exec(text)?.[1] ?? name,
    every: /^X-Pdeploy-Every=(.*)$/m.exec(text)?.[1] ?? '',
    last,
    next: timer.get('ActiveState') === 'active' ? isoOf(nextElapse(`${name}.timer`) / 1_000) : '',
    result: resultOf(service, last),
    note: readLastRun(state, name)?.note ?? '',
  };
}

function resultOf(service: ReadonlyMap<string, string>, last: string): string {
  const state = service.get('ActiveState');
  if (state === 'activating' || state === 'active') return 'running';
  if (last === '') return 'never';
  const result = service.get('Result') ?? '';
  if (result === 'success') return 'ok';
  return result === 'exit-code' ? `exit code ${service.get('ExecMainStatus') ?? '?'}` : result;
}

function timeOf(value: string | undefined): string {
  const seconds = /^@(\d+)/.exec(value ?? '')?.[1];
  return isoOf(Number(seconds ?? 0) * 1_000);
}

/** @param ms since 1970; 0 for never */
function isoOf(ms: number): string {
  return ms > 0 ? new Date(ms).toISOString() : '';
}

function shownTime(iso: string): string {
  return iso === '' ? '-' : `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
