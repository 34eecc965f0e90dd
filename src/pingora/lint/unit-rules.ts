import { isAtLeast } from '../version.ts';
import { type ConfFile, numberOf, spotIn } from './conf-file.ts';
import type { Report, Spot } from './finding.ts';
import type { Rule, Subject } from './subject.ts';
import { bytes, isYes, lastWord, seconds, type UnitFile } from './unit-file.ts';

/** What systemd gives a stop where nothing is said. */
const DEFAULT_STOP_S = 90;

/**
 * Longest stop of a process in seconds: the drain, the grace period, and the shutdown time-out twice.
 * Source: Server::run of pingora-core; the second time-out is a sleep beside the first (pingora issue 727).
 */
export function longestStop(grace: number, shutdownTimeout: number, drain: number): number {
  return drain + grace + 2 * shutdownTimeout;
}

function longestStopOf(conf: ConfFile, drain: number): number {
  const shutdown = numberOf(conf, 'graceful_shutdown_timeout_seconds', 5);
  return longestStop(numberOf(conf, 'grace_period_seconds', 300), shutdown, drain);
}

const stopTimeout: Rule = {
  code: 'PD2613',
  name: 'stop-timeout',
  about:
    '`TimeoutStopSec` is shorter than drain + `grace_period_seconds` + 2 x `graceful_shutdown_timeout_seconds`: systemd kills the process, and with it what is in flight.',
  check: ({ units, confs, drainSeconds }) => {
    const longest = Math.max(0, ...confs.map((conf) => longestStopOf(conf, drainSeconds)));
    const [unit] = units;
    if (unit === undefined || confs.length === 0) return [];
    const line = lastOf(units, 'TimeoutStopSec', 'TimeoutSec');
    const given = line === undefined || line.value === '' ? DEFAULT_STOP_S : seconds(line.value);
    if (given === undefined || given >= longest || given === 0) return [];
    return [
      {
        severity: 'error',
        spot: line?.spot ?? unit.end,
        why: `a stop takes up to ${longest} s, and systemd kills after ${given} s${line === undefined ? ', its default' : ''}`,
        instead: `write TimeoutStopSec=${Math.ceil(longest) + 10}s, or shorten the times in the configuration`,
      },
    ];
  },
};

const restrictSuid: Rule = {
  code: 'PD2614',
  name: 'restrict-suid',
  about:
    '`RestrictSUIDSGID=yes` before 0.8.0, which gives its upgrade socket a mode that is forbidden then: the process that waits for the sockets panics.',
  check: (subject) =>
    on(subject, 'RestrictSUIDSGID', isYes, !isAtLeast(subject.version, '0.8.0'), (spot) => ({
      severity: subject.activation === 'handover' ? 'error' : 'warning',
      spot,
      why: `Pingora ${subject.version} panics under RestrictSUIDSGID= when it is started with --upgrade`,
      instead: 'run Pingora 0.8.0 or later; until then do not hand over, or write RestrictSUIDSGID=no',
    })),
};

const restartAlways: Rule = {
  code: 'PD2615',
  name: 'restart-always',
  about:
    '`Restart=always`. A process that left on purpose, after a handover for one, comes back and fights for the ports.',
  check: (subject) =>
    on(
      subject,
      'Restart',
      (value) => value === 'always',
      true,
      (spot) => ({
        severity: 'error',
        spot,
        why: 'systemd starts a process again that left on purpose: after SIGQUIT it hands its sockets over and exits with 0',
        instead: 'write Restart=on-failure',
      }),
    ),
};

const vulnerable: Rule = {
  code: 'PD2616',
  name: 'vulnerable-version',
  about:
    'A version with known holes. Before 0.8.0: request smuggling and cache poisoning (CVE-2026-2833, -2835, -2836), an error. Before 0.8.1: HTTP/2 streams and headers without bounds, a warning.',
  check: ({ version, confs, units }) => {
    const spot = spotOfAll(confs, units);
    if (spot === undefined || isAtLeast(version, '0.8.1')) return [];
    const old = !isAtLeast(version, '0.8.0');
    return [
      {
        severity: old ? 'error' : 'warning',
        spot,
        why: old
          ? `Pingora ${version} lets requests be smuggled and caches be poisoned (CVE-2026-2833, CVE-2026-2835, CVE-2026-2836)`
          : `Pingora ${version} sets HTTP/2 clients no bounds: one of them can use up the memory`,
        instead: 'build the service with Pingora 0.8.1 or later',
      },
    ];
  },
};

const memory: Rule = {
  code: 'PD2617',
  name: 'memory',
  about:
    'A handover has two processes at a time. `Type=forking` counts both against one `MemoryMax`; else the host should have `MemoryMax` free for the second one, which plans look at: `check` asks no host.',
  check: (subject) => {
    const limit = lastWord(subject.units, 'MemoryMax');
    const size = limit === undefined ? undefined : bytes(limit.value);
    if (subject.activation !== 'handover' || limit === undefined || size === undefined) return [];
    const shared = lastWord(subject.units, 'Type')?.value === 'forking';
    const free = subject.memoryAvailable;
    if (shared)
      return [
        {
          severity: 'warning',
          spot: limit.spot,
          why: 'old and new process are in one unit at a handover and share this limit',
          instead: 'double it, or give each process a unit of its own',
        },
      ];
    if (free === undefined || free >= size) return [];
    return [
      {
        // An upper bound. What the second process needs is held against the host's memory by the handover itself.
        severity: 'warning',
        spot: limit.spot,
        why: `a handover needs memory for a second process, up to ${limit.value}, and the host has ${Math.floor(free / 1024 ** 2)}M left`,
        instead: 'lower the limit, give the host more memory, or restart instead',
      },
    ];
  },
};

function on(
  { units }: Subject,
  key: string,
  matches: (value: string) => boolean,
  when: boolean,
  make: (spot: Spot) => Report,
): readonly Report[] {
  const line = lastWord(units, key);
  return when && line !== undefined && matches(line.value) ? [make(line.spot)] : [];
}

/** Of several keys that set the same thing, what was said last. */
function lastOf(units: readonly UnitFile[], ...keys: readonly string[]) {
  return units
    .flatMap((unit) => unit.lines)
    .findLast((line) => line.section === 'Service' && keys.includes(line.key));
}

function spotOfAll(confs: readonly ConfFile[], units: readonly UnitFile[]): Spot | undefined {
  const [conf] = confs;
  if (conf === undefined) return units[0]?.end;
  return spotIn(conf, []);
}

export const UNIT_RULES: readonly Rule[] = [stopTimeout, restrictSuid, restartAlways, vulnerable, memory];
