import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { boot } from '../../src/lab/boot.ts';
import { type Direction, heal, partition } from '../../src/lab/faults.ts';
import { powerCut } from '../../src/lab/power.ts';
import { run } from '../../src/lab/run.ts';
import type { Random } from '../rollout/random.ts';
import type { Fleet, FleetHost, Project } from './fleet.ts';
import { hasFaults } from './lab-file.ts';
import type { Ran, Started } from './process.ts';
import { bothSides, expectSettled, ON_THE_WAY, ON_THE_WAY_BACK } from './sweep.ts';

/** Some hosts and the operator who has them; what he does is drawn from a seed. */
export type Lane = {
  readonly fleet: Fleet;
  readonly operator: Project;
  readonly hosts: readonly FleetHost[];
  readonly limit: readonly string[];
  readonly random: Random;
  /** Numbers the releases; no two lanes count the same. */
  readonly next: () => number;
  /** What was done, for whoever has to find out why it failed. */
  readonly diary: string[];
};

const SHORT = ['--min-healthy-time', '300ms', '--healthy-deadline', '4s'];
/** What is good gets healthy even where all hosts of a busy machine start it at once. */
const PATIENT = ['--min-healthy-time', '300ms', '--healthy-deadline', '30s'];
const WAVES = ['1', '50%', '100%'] as const;
const PLACES = bothSides([...ON_THE_WAY, ...ON_THE_WAY_BACK]);
/** A person may be needed, a plan refused; only a bug may never be. */
const EXPECTED = [0, 3, 4, 5, 6, 130];

type Operation = (lane: Lane) => Promise<void>;

const OPERATIONS: { readonly [name: string]: Operation } = {
  deploy: (lane) => finished(lane, begin(lane)),
  'deploy what is bad': (lane) =>
    finished(lane, begin(lane, ['-e', hasFaults() ? 'fault={"never_ready":true}' : 'grace_seconds=1'])),
  rollback: (lane) =>
    finished(lane, lane.operator.start('rollback', '-i', 'lab', '--yes', ...lane.limit, ...SHORT)),
  resume: async (lane) => {
    await resume(lane);
  },
  abort: async (lane) => {
    const rollout = begin(lane);
    await sleep(1_000 + lane.random.below(2_000));
    await lane.operator.pdeploy('abort');
    await finished(lane, rollout);
  },
  kill: async (lane) => {
    const place = lane.random.pick(PLACES as unknown as [string, ...string[]]);
    const nth = 1 + lane.random.below(3);
    lane.diary.push(`  at ${place}@${nth}`);
    await begin(lane, [], `${place}@${nth}:kill`).done;
    if (lane.random.chance(0.5)) await resume(lane);
  },
  'power cut': async (lane) => {
    const host = await lane.fleet.labHost(anyHost(lane).name);
    const rollout = begin(lane);
    await sleep(500 + lane.random.below(2_500));
    await powerCut(host);
    if (lane.random.chance(0.5)) await sleep(1_000);
    await boot(host);
    await finished(lane, rollout);
  },
  partition: async (lane) => {
    const host = await lane.fleet.labHost(anyHost(lane).name);
    const rollout = begin(lane);
    await sleep(500 + lane.random.below(2_500));
    const direction = lane.random.pick<Direction>(['in', 'out', 'both']);
    await partition(host, { direction, kind: lane.random.pick(['drop', 'rst']) });
    await sleep(lane.random.below(4_000));
    await heal(host);
    await finished(lane, rollout);
  },
};

/** One operation, drawn by the lane. */
export async function operate(lane: Lane): Promise<void> {
  const name = lane.random.pick(Object.keys(OPERATIONS) as [string, ...string[]]);
  lane.diary.push(name);
  await OPERATIONS[name]?.(lane);
}

/** Nobody disturbs it any more: whatever was before, one resume and one rollout make all hosts the same, and clean. */
export async function quiet(lane: Lane): Promise<void> {
  lane.diary.push('quiet');
  await resume(lane);
  const ran = await begin(lane, ['--wave', '100%'], '', PATIENT).done;
  expect(ran.code, `${lane.diary.join('\n')}\n${ran.text}`).toBe(0);
  await expectSettled(lane.fleet, lane.hosts, lane.operator, lane.limit);
  await Promise.all(
    lane.hosts.map(async (host) => {
      // Who was asked last may still be on the way out; what leaked stays.
      const left = async (): Promise<string> => (await lane.fleet.ssh(host.name, LEAKS)).stdout;
      const told = `${host.name}\n${lane.diary.join('\n')}`;
      await expect.poll(left, { timeout: 30_000, interval: 1_000, message: told }).toBe('');
      // The host's end of it may stay: it cannot know of a reset that only its peer was sent.
      const held = await run('ss', ['-Htnp', 'state', 'established', `dst ${host.address}:22`]);
      expect(held.stdout, `${host.name}\n${lane.diary.join('\n')}`).toBe('');
    }),
  );
}

/** Timers, units, agents, staging directories, half-made files and more releases than are kept, on a host. */
const LEAKS = `
  systemctl list-units --all --plain --no-legend 'pdeploy-guard-*' 'pdeploy-prepare-*'
  systemctl --failed --plain --no-legend
  pgrep -a -f 'pdeploy-agent|libexec/pdeploy/agent-' | grep -v pgrep
  ls -d /run/pdeploy.* /opt/pdeploy/edge/.incoming 2>/dev/null
  find /opt/pdeploy /var/lib/pdeploy /etc/systemd/system /run/systemd/system.control /etc/tmpfiles.d /etc/logrotate.d \\
    -name '*.new' -o -name '.pdeploy.*' -o -name 'new.pending' 2>/dev/null
  [ "$(ls /opt/pdeploy/edge/releases | wc -l)" -le 9 ] || ls /opt/pdeploy/edge/releases
  [ "$(ls /usr/local/libexec/pdeploy | wc -l)" -le 2 ] || ls /usr/local/libexec/pdeploy
`;

function anyHost(lane: Lane): FleetHost {
  return lane.random.pick(lane.hosts as unknown as [FleetHost, ...FleetHost[]]);
}

function begin(lane: Lane, args: readonly string[] = [], failpoint = '', times = SHORT): Started {
  const n = lane.next();
  const wave = args.includes('--wave') ? [] : ['--wave', lane.random.pick(WAVES as unknown as [string])];
  return lane.operator.startFailing(
    failpoint,
    ...lane.operator.rolloutArgs(
      `s${n}`,
      '-e',
      `workers=${hasFaults() ? n : n % 600}`,
      ...wave,
      ...times,
      ...lane.limit,
      ...args,
    ),
  );
}

async function finished(lane: Lane, rollout: Started): Promise<void> {
  const ran = await rollout.done;
  lane.diary.push(`  exit ${ran.code}`);
  expect(EXPECTED, `${lane.diary.join('\n')}\n${ran.text}`).toContain(ran.code);
}

/** What a person does who comes back. Whatever it ends with, the rollout after it has to work. */
async function resume(lane: Lane): Promise<Ran> {
  const resumed = await lane.operator.pdeploy('resume', ...lane.limit);
  lane.diary.push(`  resume: exit ${resumed.code}`);
  if (!/PD5007|PD401[345]/.test(resumed.text)) return resumed;
  const settled = await lane.operator.pdeploy('resume', '-i', 'lab', ...lane.limit);
  lane.diary.push(`  resume -i lab: exit ${settled.code}`);
  expect(EXPECTED, `${lane.diary.join('\n')}\n${settled.text}`).toContain(settled.code);
  return settled;
}
