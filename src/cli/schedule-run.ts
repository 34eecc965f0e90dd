import { spawn } from 'node:child_process';
import { homedir, hostname } from 'node:os';
import { loadSettings } from '../config/settings.ts';
import type { NotifyTarget } from '../config/settings-file.ts';
import { EXIT, RefusedError, UsageError } from '../errors.ts';
import { deliver, type Sink, sinkText } from '../schedule/deliver.ts';
import type { Job } from '../schedule/jobs.ts';
import {
  deadLetters,
  dropLetter,
  keepLetter,
  type Notice,
  noticeText,
  readLastRun,
  saveLastRun,
} from '../schedule/notice.ts';
import { scheduleName } from '../schedule/units.ts';
import { resolveSecrets } from '../secrets/resolve.ts';
import { redact } from '../util/redact.ts';
import { out } from './io.ts';
import { projectState } from './project.ts';

const SAID = 16_000;
/** How long a job waits for the lease of somebody else, unless PDEPLOY_LOCK_WAIT says otherwise. */
const LOCK_WAIT = '30m';

/** What the timer starts: the job as a process of its own, and how it ended into the record. */
export async function run(job: Job, inventory: string): Promise<void> {
  const { project, directory } = await projectState(process.cwd());
  const name = scheduleName({ job, inventory, project });
  const { code, said } = await runJob(job, inventory);
  const held = job.lease && code === EXIT.refused && /^error PD3201:/m.test(said);
  if (held) out.err(`Somebody else has the lease of ${inventory}; nothing was done this time.`);
  const note = held ? 'the lease was held' : code === EXIT.pendingChanges ? 'changes are pending' : undefined;
  saveLastRun(directory, name, {
    at: new Date().toISOString(),
    code: held ? EXIT.done : code,
    said,
    ...(note === undefined ? {} : { note }),
  });
  process.exitCode = held ? EXIT.done : code;
}

function runJob(job: Job, inventory: string): Promise<{ readonly code: number; readonly said: string }> {
  const args = [process.argv[1] ?? '', ...job.argv, '-i', inventory];
  const env = { ...(job.lease ? { PDEPLOY_LOCK_WAIT: LOCK_WAIT } : {}), ...process.env };
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let said = '';
  const take = (to: NodeJS.WriteStream) => (chunk: Buffer) => {
    to.write(chunk);
    said = (said + chunk.toString('utf8')).slice(-SAID);
  };
  child.stdout.on('data', take(process.stdout));
  child.stderr.on('data', take(process.stderr));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: EXIT.bug, said: error.message }));
    child.on('close', (code) => resolve({ code: code ?? EXIT.bug, said }));
  });
}

/** Tells everybody of the settings that the job failed, and what they could not be told before. */
export async function notify(job: Job, inventory: string): Promise<void> {
  const { project, directory } = await projectState(process.cwd());
  const last = readLastRun(directory, scheduleName({ job, inventory, project }));
  const notice: Notice = {
    v: 1,
    job: job.name,
    inventory,
    project,
    machine: hostname(),
    at: new Date().toISOString(),
    result: resultText(last?.code, last?.note),
    said: last?.said ?? '',
  };
  const sinks = await sinksOf(project, inventory);
  if (sinks.length === 0) {
    out.err(noticeText(notice));
    return out.err('Nobody is told of it: pdeploy.yaml has no "notify".');
  }
  const letters = [
    ...deadLetters(directory),
    { file: undefined, letter: { notice, to: sinks.map(sinkText) } },
  ];
  const failed: string[] = [];
  for (const { file, letter } of letters) {
    const wanted = sinks.filter((sink) => letter.to.includes(sinkText(sink)));
    const told = await Promise.all(
      wanted.map(async (sink) => ({ sink, why: await deliver(sink, letter.notice) })),
    );
    const missed = told.filter(({ why }) => why !== undefined);
    if (missed.length > 0)
      keepLetter(directory, { notice: letter.notice, to: missed.map(({ sink }) => sinkText(sink)) });
    else if (file !== undefined) dropLetter(file);
    failed.push(...missed.map(({ sink, why }) => redact(`${sinkText(sink)}: ${why}`)));
  }
  if (failed.length === 0) return out.err(`Told ${sinks.map(sinkText).join(', ')}.`);
  throw new RefusedError('PD2254', `could not tell ${[...new Set(failed)].join('; ')}`, {
    hint: 'what was to be said is kept in the record, and tried again with the next notice',
  });
}

/** What systemd says of the unit that failed (systemd 251), else how the job itself ended. */
function resultText(code: number | undefined, note: string | undefined): string {
  const { MONITOR_SERVICE_RESULT: result, MONITOR_EXIT_STATUS: status } = process.env;
  if (result !== undefined && result !== 'exit-code') return `${result} (${status ?? '?'})`;
  return `exit code ${code ?? status ?? 'unknown'}${note === undefined ? '' : `, ${note}`}`;
}

async function sinksOf(project: string, inventory: string): Promise<readonly Sink[]> {
  const loaded = await loadSettings(project, process.env, {});
  if (!loaded.ok) throw new UsageError(loaded.problems);
  const targets = loaded.settings.notify ?? [];
  const wanted = targets.flatMap((target) => {
    if (!('url' in target) || typeof target.url === 'string') return [];
    const { source, ...at } = target.url;
    return [{ source, what: `notify ${target.kind}`, at }];
  });
  const around = { project, inventory, env: process.env, home: homedir() };
  const secrets = await resolveSecrets(wanted, around);
  return targets.map((target: NotifyTarget): Sink => {
    if (!('url' in target)) return target;
    const url = typeof target.url === 'string' ? target.url : secrets(target.url.source).reveal().trim();
    if (!/^https:\/\/\S+$|^http:\/\/(127\.0\.0\.1|localhost)[:/]\S*$/.test(url) || !URL.canParse(url))
      throw UsageError.of('PD2254', `the address of notify ${target.kind} is not an https URL`);
    return { kind: target.kind, url };
  });
}
