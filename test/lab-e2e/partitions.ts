import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { heal, partition } from '../../src/lab/faults.ts';
import type { LabHost } from '../../src/lab/lab-state.ts';
import type { Fleet, FleetHost } from './fleet.ts';
import { type Started, stopped } from './process.ts';
import { expectSettled, failpointAt } from './sweep.ts';

/** What happens to the network of one host. `fin`: its sshd ends the connection, and takes new ones at once. */
export type Cut = 'both' | 'in' | 'out' | 'rst' | 'fin';

export type PartitionRun = {
  readonly place: string;
  readonly cut: Cut;
  /** Milliseconds; Infinity: it does not end while the controller lives. */
  readonly lasts: number;
  /** Index of the host that is cut off, of two. */
  readonly host: number;
};

const PLACES = [
  'call.lease.before',
  'call.prepare.before',
  'call.activate.before',
  'event.update.switched.before',
  'event.health.probed.after',
  'call.commit.before',
  'event.instance.committed.after',
  'call.finish.before',
] as const;
const CUTS: readonly Cut[] = ['both', 'in', 'out', 'rst', 'fin'];
const LASTS = [3_000, 30_000, Number.POSITIVE_INFINITY] as const;

/** How long the controller may take to settle, counted from the cut: the work that is left, and 20 s. */
const SETTLED_WITHIN_MS = 20_000;
/** What an undisturbed rollout over two hosts takes here at most, on a busy machine. */
const WORK_MS = 15_000;

/** Every place with every kind of cut, for every time, at either host; in an order that mixes them. */
export function allPartitions(): readonly PartitionRun[] {
  const runs = [0, 1].flatMap((host) =>
    LASTS.flatMap((lasts) => CUTS.flatMap((cut) => PLACES.map((place) => ({ place, cut, lasts, host })))),
  );
  // A step that has no factor with the length visits all of them.
  return runs.map((_, i) => runs[(i * 77) % runs.length] as PartitionRun);
}

export const nameOf = ({ place, cut, lasts, host }: PartitionRun): string =>
  `${place}, ${cut}, ${Number.isFinite(lasts) ? `${lasts / 1_000} s` : 'for ever'}, ${host === 0 ? 'first' : 'second'} host`;

/** Two hosts of a fleet and an operator of their own. */
export type Lane = { readonly fleet: Fleet; readonly hosts: readonly FleetHost[]; readonly name: string };

/**
 * One rollout over the hosts of a lane that is cut off in the middle; then somebody comes back, and all is new.
 * @returns milliseconds from the cut to the end of the controller
 */
export async function runPartition(lane: Lane, run: PartitionRun, n: number): Promise<number> {
  const { fleet, hosts } = lane;
  const operator = fleet.colleague(lane.name);
  const limit = ['--limit', hosts.map((h) => h.name).join(':')];
  const args = ['-e', `workers=${n}`, ...limit];
  const cutOff = operator.rolloutArgs(`p${n}`, ...args, '--healthy-deadline', '4s');
  const target = await fleet.labHost(hosts[run.host]?.name ?? '');
  const failpoint = failpointAt(run.place, 'stop').replace('@2', run.host === 0 ? '' : '@2');
  const started = operator.startFailing(failpoint, ...cutOff);
  let took = 0;
  try {
    await stopped(started);
    await apply(fleet, target, run);
    const cutAt = performance.now();
    started.child.kill('SIGCONT');
    const healing = Number.isFinite(run.lasts) ? healLater(target, run.lasts, started) : undefined;
    const ran = await started.done;
    took = performance.now() - cutAt;
    expect([0, 3, 4, 5, 6], ran.text).toContain(ran.code);
    expect(ran.text).not.toMatch(/unhandled|internal error|PD1001/i);
    expect(took, `${Math.round(took)} ms\n${ran.text}`).toBeLessThan(
      SETTLED_WITHIN_MS + WORK_MS + (ran.code === 0 && Number.isFinite(run.lasts) ? run.lasts : 0),
    );
    await healing;
  } finally {
    started.child.kill('SIGKILL');
    await heal(target);
  }
  await comeBack(lane, limit, operator.rolloutArgs(`p${n}`, ...args, '--healthy-deadline', '30s'));
  return took;
}

async function comeBack(lane: Lane, limit: readonly string[], args: readonly string[]): Promise<void> {
  const { fleet, hosts } = lane;
  const operator = fleet.colleague(lane.name);
  const resumed = await operator.pdeploy('resume', ...limit);
  if (/PD5007|PD401[345]/.test(resumed.text)) {
    const settled = await operator.pdeploy('resume', '-i', 'lab', ...limit);
    expect([0, 3, 5], settled.text).toContain(settled.code);
  }
  const again = await operator.pdeploy(...args);
  expect(again.code, `${resumed.text}\n${again.text}`).toBe(0);
  await expectSettled(fleet, hosts, operator, limit);
}

async function apply(fleet: Fleet, host: LabHost, { cut }: PartitionRun): Promise<void> {
  if (cut === 'fin') {
    // Of a session only the process of its user is named so; the listener lives on.
    await fleet.inside(host.name, 'pkill', '-KILL', '-f', '^sshd: root@');
    return;
  }
  await partition(
    host,
    cut === 'rst' ? { direction: 'both', kind: 'rst' } : { direction: cut, kind: 'drop' },
  );
}

async function healLater(host: LabHost, ms: number, started: Started): Promise<void> {
  await Promise.race([sleep(ms), started.done]);
  await heal(host);
}
