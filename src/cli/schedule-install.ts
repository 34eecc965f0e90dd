import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveInventoryPath } from '../config/project.ts';
import { RefusedError, UsageError } from '../errors.ts';
import { calendarOf, EVERY_RULE } from '../schedule/calendar.ts';
import type { Job } from '../schedule/jobs.ts';
import { crontabLine, type Schedule, scheduleName, scheduleUnits } from '../schedule/units.ts';
import { type Args, text } from './args.ts';
import { out } from './io.ts';
import { projectState } from './project.ts';
import { forgetFailure, hasSystemd, systemctl, UNIT_FOLDER } from './systemd.ts';

type Account = { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string };

/** Writes service and timer and starts the timer; without systemd prints the line for a crontab. */
export async function install(args: Args, job: Job, inventory: string): Promise<void> {
  const { project, directory } = await projectState(process.cwd());
  await resolveInventoryPath(inventory, project);
  const every = text(args, 'every') ?? '1d';
  const calendar = calendarOf(every, [hostname(), project, job.name, inventory].join('\0'));
  if (calendar === undefined)
    throw UsageError.of('PD2250', `--every ${every}: a clock cannot tell that`, `one of ${EVERY_RULE}`);
  const account = accountOf(text(args, 'user'), project);
  const identity = fileOf(args, 'identity');
  if (identity === undefined)
    throw UsageError.of(
      'PD2252',
      'with which key does it log in to the hosts?',
      '--identity FILE: a private key without a passphrase; pdeploy hosts bootstrap makes a login for it',
    );
  const installation = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
  const schedule: Schedule = {
    job,
    inventory,
    project,
    every,
    user: account.name,
    home: account.home,
    node: realpathSync(process.execPath),
    program: join(installation, 'bin/pdeploy'),
    installation,
    state: directory,
    identity,
    ageKey: fileOf(args, 'age-key'),
  };
  if (!hasSystemd()) {
    out.data(crontabLine(schedule, calendar));
    return out.err(`There is no systemd here: put this line into the crontab of ${account.name}.`);
  }
  mustBeRoot();
  const name = scheduleName(schedule);
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chownSync(directory, account.uid, account.gid);
  }
  for (const file of scheduleUnits(schedule, calendar)) {
    const path = join(UNIT_FOLDER, file.name);
    writeFileSync(`${path}.tmp`, file.text, { mode: 0o644 });
    renameSync(`${path}.tmp`, path);
  }
  systemctl('daemon-reload');
  systemctl('enable', '--now', `${name}.timer`);
  // A timer that ran before keeps the times it had.
  systemctl('restart', `${name}.timer`);
  out.err(
    `${job.name} of ${inventory} runs every ${every} as ${account.name}: ${name}.timer\nNext: pdeploy schedule list`,
  );
}

/** Takes away what `install` made. The record stays. */
export async function remove(job: Job, inventory: string): Promise<void> {
  const { project } = await projectState(process.cwd());
  const name = scheduleName({ job, inventory, project });
  if (!existsSync(join(UNIT_FOLDER, `${name}.timer`)))
    throw new RefusedError('PD2253', `${job.name} of ${inventory} is not scheduled here`, {
      hint: 'pdeploy schedule list',
    });
  mustBeRoot();
  systemctl('disable', '--now', `${name}.timer`);
  systemctl('stop', `${name}.service`, `${name}-failed.service`);
  for (const kind of ['.timer', '.service', '-failed.service']) rmSync(join(UNIT_FOLDER, `${name}${kind}`));
  rmSync(join('/var/cache', name), { recursive: true, force: true });
  systemctl('daemon-reload');
  forgetFailure(`${name}*`);
  out.err(`${job.name} of ${inventory} is not run any more.`);
}

function mustBeRoot(): void {
  if (process.geteuid?.() === 0) return;
  throw new RefusedError('PD2251', 'units of this machine are for root to write', {
    hint: 'sudo pdeploy schedule ...',
  });
}

/** @throws UsageError PD2251 for root: a job needs none of its rights */
function accountOf(wanted: string | undefined, project: string): Account {
  const { uid } = statSync(project);
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , id = '', gid = '', , home = '']) => ({
      name,
      uid: Number(id),
      gid: Number(gid),
      home,
    }));
  const account = accounts.find((one) => (wanted === undefined ? one.uid === uid : one.name === wanted));
  if (account === undefined)
    throw UsageError.of('PD2251', `there is no user ${wanted ?? uid} in /etc/passwd`);
  if (account.uid === 0)
    throw UsageError.of(
      'PD2251',
      wanted === undefined
        ? `${project} belongs to root, and a job does not run as root`
        : 'a job does not run as root',
      '--user NAME, who can read the project and write to its record',
    );
  return account;
}

function fileOf(args: Args, option: string): string | undefined {
  const given = text(args, option);
  if (given === undefined) return undefined;
  const file = resolve(given);
  if (!existsSync(file)) throw UsageError.of('PD2252', `--${option} ${given}: there is no such file`);
  return file;
}
