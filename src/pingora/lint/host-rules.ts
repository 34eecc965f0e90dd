import { type ConfFile, has, spotIn, topOf } from './conf-file.ts';
import type { Report } from './finding.ts';
import { listenersOf } from './listeners.ts';
import { eachConf, type Rule, type Subject } from './subject.ts';
import { lastWord } from './unit-file.ts';

/** Where anybody on the host may make files. */
const PUBLIC = /^\/(tmp|var\/tmp|dev\/shm)(\/|$)/;
/** Pingora takes no more descriptors in at once (transfer_fd, up to 0.9.1). */
const MOST_LISTENERS = 32;
/** Its buffer for their addresses, joined by blanks. */
const MOST_KEY_BYTES = 2048;

const noGrace: Rule = {
  code: 'PD2606',
  name: 'no-grace',
  about:
    '`grace_period_seconds` or `graceful_shutdown_timeout_seconds` is missing. A stop then takes 300 s, and 5 s or 10 s more.',
  check: eachConf((conf) =>
    (
      [
        [
          'grace_period_seconds',
          'every stop sleeps 300 s, busy or idle',
          'the longest request that must survive',
        ],
        ['graceful_shutdown_timeout_seconds', 'up to 5 s come on top of it, twice', 'a small number'],
      ] as const
    )
      .filter(([key]) => (has(conf, key) ? conf.values[key] : null) === null)
      .map(([key, what, number]) => ({
        severity: 'warning',
        spot: has(conf, key) ? spotIn(conf, [key], 'key') : topOf(conf),
        why: `${key} is not set: ${what}`,
        instead: `write ${key}: with ${number}`,
      })),
  ),
};

const publicDirectory: Rule = {
  code: 'PD2607',
  name: 'public-directory',
  about:
    'A socket or pid file below /tmp, said or by default. Any user of the host can make it first, and then gets the listening sockets.',
  check: eachConf((conf, subject) => [...publicSocket(conf, subject), ...publicPidFile(conf)]),
};

function publicSocket(conf: ConfFile, { activation }: Subject): readonly Report[] {
  const given = has(conf, 'upgrade_sock') ? conf.values.upgrade_sock : undefined;
  const instead = 'write a path in a directory of its own: upgrade_sock: /run/SERVICE/INSTANCE/upgrade.sock';
  const takes = 'whoever makes that file first gets the listening sockets at the next handover';
  if (given === undefined)
    return [
      {
        severity: activation === 'handover' ? 'error' : 'warning',
        spot: topOf(conf),
        why: `upgrade_sock is not set, so it is /tmp/pingora_upgrade.sock: ${takes}`,
        instead,
      },
    ];
  if (typeof given !== 'string' || !PUBLIC.test(given)) return [];
  return [
    {
      severity: 'error',
      spot: spotIn(conf, ['upgrade_sock']),
      why: `anybody on the host can make files there: ${takes}`,
      instead,
    },
  ];
}

function publicPidFile(conf: ConfFile): readonly Report[] {
  const given = has(conf, 'pid_file') ? conf.values.pid_file : undefined;
  const said = typeof given === 'string' && PUBLIC.test(given);
  if (!said && (given !== undefined || conf.values.daemon !== true)) return [];
  return [
    {
      severity: 'error',
      spot: said ? spotIn(conf, ['pid_file']) : topOf(conf),
      why: `the pid file is ${said ? 'there' : '/tmp/pingora.pid by default'}, where anybody on the host can put another one`,
      instead:
        'take daemon and pid_file out, systemd knows the process; else write /run/SERVICE/INSTANCE.pid',
    },
  ];
}

const sharedPath: Rule = {
  code: 'PD2608',
  name: 'shared-path',
  about:
    'Two instances of a host have the same upgrade socket, or pid file or log file of a daemon. The sockets of one go to the other.',
  check: ({ confs }) =>
    (['upgrade_sock', 'pid_file', 'error_log'] as const).flatMap((key) =>
      confs.flatMap((conf, index) => {
        const value = pathOf(conf, key);
        const first = confs
          .slice(0, index)
          .find((other) => value !== undefined && pathOf(other, key) === value);
        if (first === undefined) return [];
        return {
          severity: 'error' as const,
          spot: has(conf, key) ? spotIn(conf, [key]) : topOf(conf),
          why: `${key} is ${value} in ${first.file} too: ${SHARED[key]}`,
          instead: `write a path with the instance in it, for example /run/SERVICE/INSTANCE/${FILE[key]}`,
        };
      }),
    ),
};

const SHARED = {
  upgrade_sock: 'one instance would hand its sockets to the other',
  pid_file: 'the second one writes over the first',
  error_log: 'both write into it, and neither opens it again',
};
const FILE = { upgrade_sock: 'upgrade.sock', pid_file: 'pid', error_log: 'error.log' };

/** What counts: a socket always, by default too; the files of a daemon only when there is one. */
function pathOf(conf: ConfFile, key: keyof typeof FILE): string | undefined {
  const given = has(conf, key) ? conf.values[key] : undefined;
  if (typeof given === 'string' && (key !== 'error_log' || conf.values.daemon === true)) return given;
  if (given !== undefined) return undefined;
  if (key === 'upgrade_sock') return '/tmp/pingora_upgrade.sock';
  return key === 'pid_file' && conf.values.daemon === true ? '/tmp/pingora.pid' : undefined;
}

const tooManyListeners: Rule = {
  code: 'PD2609',
  name: 'too-many-listeners',
  about: `More than ${MOST_LISTENERS} listening addresses. A handover passes no more: the new process panics, and the old one leaves.`,
  check: eachConf((conf, { activation }) => {
    const listeners = listenersOf(conf);
    const beyond = listeners[MOST_LISTENERS];
    if (beyond === undefined) return [];
    return [
      {
        severity: activation === 'handover' ? 'error' : 'warning',
        spot: spotIn(conf, beyond.path),
        why: `${listeners.length} listening addresses: a handover passes at most ${MOST_LISTENERS}, then the new process panics and the old one leaves all the same`,
        instead: 'part the addresses among several instances, and do not hand over until then',
      },
    ];
  }),
};

const longListeners: Rule = {
  code: 'PD2610',
  name: 'long-listeners',
  about: `Addresses of more than ${MOST_KEY_BYTES} bytes, blanks between them included. A handover cuts them off there.`,
  check: eachConf((conf, { activation }) => {
    const listeners = listenersOf(conf);
    const size = Buffer.byteLength(listeners.map((l) => l.address).join(' '));
    const last = listeners.at(-1);
    if (last === undefined || size <= MOST_KEY_BYTES) return [];
    return [
      {
        severity: activation === 'handover' ? 'error' : 'warning',
        spot: spotIn(conf, last.path),
        why: `the listening addresses have ${size} bytes together: a handover cuts them off after ${MOST_KEY_BYTES}`,
        instead: 'shorten the paths of Unix sockets, or part the addresses among several instances',
      },
    ];
  }),
};

const daemon: Rule = {
  code: 'PD2611',
  name: 'daemon',
  about:
    '`daemon: true`, or `-d` in the unit. systemd watches processes in the foreground; a daemon it takes for gone, or for ready too early.',
  check: (subject) => [
    ...subject.confs
      .filter((conf) => has(conf, 'daemon') && conf.values.daemon === true)
      .map((conf) =>
        report(spotIn(conf, ['daemon']), 'take daemon out, and run with Type=notify or Type=exec'),
      ),
    ...subject.units
      .flatMap((unit) => unit.lines)
      .filter(({ key, value }) => key === 'ExecStart' && /\s(-d|--daemon|-[cut]*d[cut]*)(\s|$)/.test(value))
      .map(({ spot }) => report(spot, 'take -d out, and write Type=notify or Type=exec')),
  ],
};

function report(spot: Report['spot'], instead: string): Report {
  return {
    severity: 'error',
    spot,
    why: 'Pingora goes to the background: systemd sees it ready before it has bound anything, or takes it for gone',
    instead,
  };
}

const userInConf: Rule = {
  code: 'PD2612',
  name: 'user-in-conf',
  about:
    '`user` or `group`. Pingora reads them as a daemon only; under systemd the service keeps the rights it was started with.',
  check: eachConf((conf, { units }) =>
    (['user', 'group'] as const)
      .filter((key) => has(conf, key) && conf.values[key] !== null)
      .map((key) => {
        const unit = key === 'user' ? 'User' : 'Group';
        const there = lastWord(units, unit) !== undefined;
        return {
          severity: there ? 'warning' : 'error',
          spot: spotIn(conf, [key], 'key'),
          why: `Pingora reads ${key} as a daemon only${there ? '' : ': the service keeps the rights it was started with'}`,
          instead: there ? `take it out, the unit has ${unit}=` : `write ${unit}= in the unit`,
        };
      }),
  ),
};

export const HOST_RULES: readonly Rule[] = [
  noGrace,
  publicDirectory,
  sharedPath,
  tooManyListeners,
  longListeners,
  daemon,
  userInConf,
];
