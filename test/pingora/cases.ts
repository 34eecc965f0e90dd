import type { Subject } from '../../src/pingora/lint/subject.ts';

type Given = {
  /** Configurations, `1.yaml` and so on. */
  readonly confs?: readonly string[];
  /** Text of the unit. */
  readonly unit?: string;
  readonly more?: Partial<Pick<Subject, 'version' | 'activation' | 'drainSeconds' | 'memoryAvailable'>>;
};

export type Case = {
  readonly rule: string;
  readonly bad: Given;
  /** The finding: severity, place, and words of what to write instead. */
  readonly said: readonly [severity: 'error' | 'warning', place: string, instead: string];
  readonly good: Given;
};

const handover = { activation: 'handover' } as const;
const many = (n: number, path = '0.0.0.0:') =>
  `app:\n  listen:\n${Array.from({ length: n }, (_, i) => `    - ${path}${8000 + i}\n`).join('')}`;
const sock = 'upgrade_sock: /run/edge/1/upgrade.sock\n';

/** One case that a rule finds, and one that it does not, for each way in which it can find something. */
export const CASES: readonly Case[] = [
  {
    rule: 'unknown-key',
    bad: { confs: ['version: 1\nthread: 4\n'] },
    said: ['error', '1.yaml:2:1', 'write threads'],
    good: { confs: ['version: 1\nthreads: 4\napp: { thread: 4 }\n'] },
  },
  {
    rule: 'unknown-key',
    bad: { confs: ['version: 1\nrouting: { a: b }\n'] },
    said: ['warning', '1.yaml:2:1', '--own routing'],
    good: { confs: ['version: 1\napp: { routing: { a: b } }\n'] },
  },
  {
    rule: 'misplaced-key',
    bad: { confs: ['version: 1\nserver:\n  threads: 0\n'] },
    said: ['error', '1.yaml:3:3', 'write threads at the top level'],
    good: { confs: ['version: 1\nthreads: 2\napp:\n  threads: 0\n'] },
  },
  {
    rule: 'newer-key',
    bad: { confs: ['max_blocking_threads: 64\n'], more: { version: '0.8.1' } },
    said: ['error', '1.yaml:1:1', 'or run Pingora 0.9.0'],
    good: { confs: ['max_blocking_threads: 64\n'], more: { version: '0.10.0' } },
  },
  {
    rule: 'wrong-value',
    bad: { confs: ['threads: two\n'] },
    said: ['error', '1.yaml:1:10', 'write a whole number from 0'],
    good: { confs: ['threads: 2\ngrace_period_seconds: null\n'] },
  },
  {
    rule: 'zero-threads',
    bad: { confs: ['version: 1\nthreads: 0\n'] },
    said: ['error', '1.yaml:2:10', 'threads: 2'],
    good: { confs: ['version: 1\nthreads: 1\n'] },
  },
  {
    rule: 'no-grace',
    bad: { confs: ['version: 1\ngraceful_shutdown_timeout_seconds: 5\n'] },
    said: ['warning', '1.yaml:1:1', 'write grace_period_seconds:'],
    good: { confs: ['grace_period_seconds: 30\ngraceful_shutdown_timeout_seconds: 5\n'] },
  },
  {
    rule: 'no-grace',
    bad: { confs: ['grace_period_seconds: 5\ngraceful_shutdown_timeout_seconds: null\n'] },
    said: ['warning', '1.yaml:2:1', 'write graceful_shutdown_timeout_seconds:'],
    good: { confs: ['grace_period_seconds: 0\ngraceful_shutdown_timeout_seconds: 0\n'] },
  },
  {
    rule: 'public-directory',
    bad: { confs: ['version: 1\nupgrade_sock: /tmp/edge.sock\n'] },
    said: ['error', '1.yaml:2:15', 'upgrade_sock: /run/SERVICE/INSTANCE/upgrade.sock'],
    good: { confs: [sock] },
  },
  {
    rule: 'public-directory',
    bad: { confs: ['version: 1\n'], more: handover },
    said: ['error', '1.yaml:1:1', 'upgrade_sock: /run/SERVICE/INSTANCE/upgrade.sock'],
    good: { confs: [sock], more: handover },
  },
  {
    rule: 'public-directory',
    bad: { confs: [`${sock}pid_file: /var/tmp/edge.pid\n`] },
    said: ['error', '1.yaml:2:11', 'take daemon and pid_file out'],
    good: { confs: [`${sock}pid_file: /run/edge/1/pid\n`] },
  },
  {
    rule: 'public-directory',
    bad: { confs: [`daemon: true\n${sock}`] },
    said: ['error', '1.yaml:1:1', 'take daemon and pid_file out'],
    good: { confs: [`${sock}daemon: false\n`] },
  },
  {
    rule: 'shared-path',
    bad: { confs: [sock, `version: 1\n${sock}`] },
    said: ['error', '2.yaml:2:15', 'a path with the instance in it'],
    good: { confs: [sock, 'upgrade_sock: /run/edge/2/upgrade.sock\n'] },
  },
  {
    rule: 'shared-path',
    bad: { confs: [sock, 'version: 1\n', 'threads: 2\n'] },
    said: ['error', '3.yaml:1:1', '/run/SERVICE/INSTANCE/upgrade.sock'],
    good: { confs: [sock, 'version: 1\n'] },
  },
  {
    rule: 'shared-path',
    bad: {
      confs: [
        `daemon: true\npid_file: /run/edge.pid\n${sock}`,
        'daemon: true\npid_file: /run/edge.pid\nupgrade_sock: /run/b.sock\n',
      ],
    },
    said: ['error', '2.yaml:2:11', '/run/SERVICE/INSTANCE/pid'],
    good: { confs: [sock, 'upgrade_sock: /run/b.sock\n'] },
  },
  {
    rule: 'too-many-listeners',
    bad: { confs: [many(33)] },
    said: ['warning', '1.yaml:35:7', 'part the addresses'],
    good: { confs: [many(32)] },
  },
  {
    rule: 'too-many-listeners',
    bad: { confs: [many(33)], more: handover },
    said: ['error', '1.yaml:35:7', 'part the addresses'],
    good: { confs: [`app: { upstreams: { addr: [${'10.0.0.1:80, '.repeat(40)}] } }\n`], more: handover },
  },
  {
    rule: 'long-listeners',
    bad: { confs: [many(20, `unix:/run/${'x'.repeat(100)}.`)], more: handover },
    said: ['error', '1.yaml:22:7', 'shorten the paths'],
    good: { confs: [many(20, `unix:/run/${'x'.repeat(80)}.`)], more: handover },
  },
  {
    rule: 'daemon',
    bad: { confs: ['version: 1\ndaemon: true\n'] },
    said: ['error', '1.yaml:2:9', 'Type=notify'],
    good: { confs: ['version: 1\ndaemon: false\n'] },
  },
  {
    rule: 'daemon',
    bad: { unit: '[Service]\nType=forking\nExecStart=/opt/edge -d -c /etc/edge.yaml\n' },
    said: ['error', 'edge.service:3:1', 'take -d out'],
    good: { unit: '[Service]\nType=notify\nExecStart=/opt/edge-d -c /etc/-d.yaml\n' },
  },
  {
    rule: 'user-in-conf',
    bad: { confs: ['version: 1\nuser: www\n'] },
    said: ['error', '1.yaml:2:1', 'write User= in the unit'],
    good: { confs: ['version: 1\n'], unit: '[Service]\nUser=www\n' },
  },
  {
    rule: 'user-in-conf',
    bad: { confs: ['group: www\n'], unit: '[Service]\nGroup=www\n' },
    said: ['warning', '1.yaml:1:1', 'the unit has Group='],
    good: { confs: ['group: null\n'], unit: '[Service]\nGroup=www\n' },
  },
  {
    rule: 'stop-timeout',
    bad: {
      confs: ['grace_period_seconds: 30\ngraceful_shutdown_timeout_seconds: 5\n'],
      unit: '[Service]\nTimeoutStopSec=42s\n',
      more: { drainSeconds: 3 },
    },
    said: ['error', 'edge.service:2:1', 'TimeoutStopSec=53s'],
    good: {
      confs: ['grace_period_seconds: 30\ngraceful_shutdown_timeout_seconds: 5\n'],
      unit: '[Service]\nTimeoutStopSec=42s\nTimeoutStopSec=43s\n',
      more: { drainSeconds: 3 },
    },
  },
  {
    rule: 'stop-timeout',
    bad: { confs: ['version: 1\n'], unit: '[Service]\nType=notify\n\n[Install]\nWantedBy=x\n' },
    said: ['error', 'edge.service:2:1', 'TimeoutStopSec=320s'],
    good: { confs: ['version: 1\n'], unit: '[Service]\nTimeoutStopSec=5min 10s\n' },
  },
  {
    rule: 'restrict-suid',
    bad: { unit: '[Service]\nRestrictSUIDSGID=yes\n', more: { version: '0.7.0' } },
    said: ['warning', 'edge.service:2:1', 'run Pingora 0.8.0'],
    good: { unit: '[Service]\nRestrictSUIDSGID=yes\n', more: { version: '0.8.0', ...handover } },
  },
  {
    rule: 'restrict-suid',
    bad: { unit: '[Service]\nRestrictSUIDSGID=1\n', more: { version: '0.7.0', ...handover } },
    said: ['error', 'edge.service:2:1', 'RestrictSUIDSGID=no'],
    good: {
      unit: '[Service]\nRestrictSUIDSGID=1\nRestrictSUIDSGID=no\n',
      more: { version: '0.7.0', ...handover },
    },
  },
  {
    rule: 'restart-always',
    bad: { unit: '[Service]\nRestart=always\n' },
    said: ['error', 'edge.service:2:1', 'write Restart=on-failure'],
    good: { unit: '[Service]\n# Restart=always\nRestart=on-failure\n' },
  },
  {
    rule: 'vulnerable-version',
    bad: { confs: ['version: 1\n'], more: { version: '0.7.0' } },
    said: ['error', '1.yaml:1:1', '0.8.1 or later'],
    good: { confs: ['version: 1\n'], more: { version: '0.8.1' } },
  },
  {
    rule: 'vulnerable-version',
    bad: { unit: '[Service]\nType=notify\n', more: { version: '0.8.0' } },
    said: ['warning', 'edge.service:2:1', '0.8.1 or later'],
    good: { unit: '[Service]\nType=notify\n', more: { version: '0.9.1' } },
  },
  {
    rule: 'memory',
    bad: { unit: '[Service]\nType=forking\nMemoryMax=1G\n', more: handover },
    said: ['warning', 'edge.service:3:1', 'double it'],
    good: { unit: '[Service]\nType=forking\nMemoryMax=1G\n' },
  },
  {
    rule: 'memory',
    bad: { unit: '[Service]\nMemoryMax=1G\n', more: { memoryAvailable: 2 ** 29, ...handover } },
    said: ['warning', 'edge.service:2:1', 'give the host more memory'],
    good: { unit: '[Service]\nMemoryMax=1G\n', more: { memoryAvailable: 2 ** 30, ...handover } },
  },
  {
    rule: 'key-log',
    bad: { confs: ['upstream_debug_ssl_keylog: true\n'] },
    said: ['error', '1.yaml:1:28', 'false by default'],
    good: { confs: ['upstream_debug_ssl_keylog: false\n'] },
  },
  {
    rule: 'dead-key',
    bad: { confs: ['version: 1\nupgrade_sock_connect_accept_max_retries: 30\n'] },
    said: ['warning', '1.yaml:2:1', 'take it out'],
    good: { confs: ['version: 1\nmax_retries: 30\n'] },
  },
];
