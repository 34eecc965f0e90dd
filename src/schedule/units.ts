import { createHash } from 'node:crypto';
import { hardeningKeys } from '../resource/unit/hardening.ts';
import { renderUnit, type ServiceSection } from '../resource/unit/section.ts';
import { unit } from '../resource/unit/text.ts';
import type { Calendar } from './calendar.ts';
import type { Job } from './jobs.ts';

/** A job of one project on one inventory, as it is installed on a machine. */
export type Schedule = {
  readonly job: Job;
  readonly inventory: string;
  readonly project: string;
  readonly every: string;
  /** An ordinary user: the owner of the project. */
  readonly user: string;
  readonly home: string;
  /** Absolute: of node, of pdeploy's start, of its installation and of the record. */
  readonly node: string;
  readonly program: string;
  readonly installation: string;
  readonly state: string;
  /** Files that root may read: the service gets them as credentials, and nothing else. */
  readonly identity: string;
  readonly ageKey: string | undefined;
};

export type UnitFile = { readonly name: string; readonly text: string };

/** The same for each machine and user: `pdeploy-certs-status-prod-3f2a91`. */
export function scheduleName({
  job,
  inventory,
  project,
}: Pick<Schedule, 'job' | 'inventory' | 'project'>): string {
  return `pdeploy-${job.name.replaceAll(' ', '-')}-${inventory.replaceAll(/[^A-Za-z0-9_-]/g, '-')}-${projectDigest(project)}`;
}

/** Tells the projects of a machine apart. */
export function projectDigest(project: string): string {
  return createHash('sha256').update(project).digest('hex').slice(0, 6);
}

/** The timer, the service it starts, and the one that tells of a failure, however that came about. */
export function scheduleUnits(schedule: Schedule, calendar: Calendar): readonly UnitFile[] {
  const name = scheduleName(schedule);
  const { job, inventory, project, every } = schedule;
  const subject = `${job.name} of ${inventory}`;
  const service = (action: 'run' | 'notify', more: ServiceSection): ServiceSection => ({
    Type: 'oneshot',
    User: schedule.user,
    WorkingDirectory: project,
    UMask: '0077',
    ...hardeningKeys('B', 'pdeploy'),
    // V8 compiles while it runs.
    MemoryDenyWriteExecute: null,
    // The homes of all users are empty, but for what the job needs of them.
    ProtectHome: 'tmpfs',
    BindReadOnlyPaths: [
      ...new Set([project, schedule.installation, schedule.node, `-${schedule.home}/.ssh/known_hosts`]),
    ],
    ReadWritePaths: [schedule.state],
    BindPaths: [schedule.state],
    CacheDirectory: name,
    CacheDirectoryMode: '0700',
    LoadCredential: {
      'ssh-key': schedule.identity,
      ...(schedule.ageKey === undefined ? {} : { 'age.key': schedule.ageKey }),
    },
    Environment: {
      PDEPLOY_SSH_KEY: unit`%d/ssh-key`,
      ...(schedule.ageKey === undefined ? {} : { PDEPLOY_AGE_KEY_FILE: unit`%d/age.key` }),
      XDG_CACHE_HOME: unit`%C/${name}`,
      PDEPLOY_STATE: schedule.state,
      PDEPLOY_ACTOR: `schedule ${job.name}`,
      CI: 'true',
      NO_COLOR: '1',
    },
    LimitCORE: 0,
    ExecStart: [schedule.node, schedule.program, 'schedule', action, job.name, '-i', inventory],
    SyslogIdentifier: name,
    ...more,
  });
  return [
    {
      name: `${name}.service`,
      text: renderUnit({
        unit: {
          Description: `pdeploy: ${subject}`,
          Wants: 'network-online.target',
          After: 'network-online.target',
          OnFailure: `${name}-failed.service`,
        },
        service: service('run', { TimeoutStartSec: '4h' }),
      }),
    },
    {
      name: `${name}-failed.service`,
      text: renderUnit({
        unit: { Description: `pdeploy: tell that ${subject} failed` },
        service: service('notify', { TimeoutStartSec: '10m' }),
      }),
    },
    { name: `${name}.timer`, text: timer(subject, name, every, project, calendar) },
  ];
}

function timer(subject: string, name: string, every: string, project: string, calendar: Calendar): string {
  return `[Unit]
Description=pdeploy: ${subject}, every ${every}
X-Pdeploy-Every=${every}
X-Pdeploy-Project=${project.replaceAll('%', '%%')}

[Timer]
OnCalendar=${calendar.onCalendar}
RandomizedDelaySec=${calendar.spreadSec}
FixedRandomDelay=true
AccuracySec=1s
Persistent=true
Unit=${name}.service

[Install]
WantedBy=timers.target
`;
}

/** Where there is no systemd: one line of crontab(5), for the crontab of the user. */
export function crontabLine(schedule: Schedule, calendar: Calendar): string {
  const { job, inventory, project, node, program, state, identity, ageKey } = schedule;
  const name = scheduleName(schedule);
  const env = [
    `PDEPLOY_SSH_KEY=${identity}`,
    ...(ageKey === undefined ? [] : [`PDEPLOY_AGE_KEY_FILE=${ageKey}`]),
  ];
  const call = (action: string): string =>
    ['env', ...env, node, program, 'schedule', action, job.name, '-i', inventory].map(quoted).join(' ');
  const work = `cd ${quoted(project)} && flock -n ${quoted(`${state}/${name}.lock`)} ${call('run')} || ${call('notify')}`;
  // To cron a percent sign is the end of the line.
  return `${calendar.cron} ${work.replaceAll('%', '\\%')}`;
}

function quoted(word: string): string {
  return /^[A-Za-z0-9_./=:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
