import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, type ExpectStatic, test } from 'vitest';
import { mustRun } from '../../src/lab/run.ts';
import type { Fleet } from './fleet.ts';
import { type Group, openGroups } from './groups.ts';
import { stopped } from './process.ts';

let fleet: Fleet;
let withGroup: Awaited<ReturnType<typeof openGroups>>['withGroup'];
let n = 10;
beforeAll(async () => {
  ({ fleet, withGroup } = await openGroups());
});
afterAll(() => fleet.end());

/** Arguments of a rollout of something new on the hosts of a group. */
function newRollout({ project, limit }: Group, ...args: string[]): string[] {
  n += 1;
  return project.rolloutArgs(`v${n}`, '-e', `workers=${n}`, '--limit', limit, ...args);
}

/** Waits until the first host of the group runs something else than `old`. */
async function firstSwitched({ answers }: Group, old: string | undefined): Promise<void> {
  for (let i = 0; i < 600; i += 1) {
    const [first] = await answers();
    if (first !== undefined && first !== '' && first !== old) return;
    await sleep(50);
  }
  throw new Error('nothing was switched');
}

/** Whoever comes back goes on with `pdeploy resume`, and has the whole group on the new release. */
async function expectResumed(expect: ExpectStatic, group: Group, old: string | undefined): Promise<void> {
  const resumed = await group.project.pdeploy('resume');
  expect(resumed.code, resumed.text).toBe(0);
  const after = await group.answers();
  expect(new Set(after).size, after.join(' ')).toBe(1);
  expect(after[0]).not.toBe(old);
}

test.concurrent.for(['SIGTERM', 'SIGHUP'] as const)(
  '%s: the instance in hand is finished, and resume goes on',
  (signal, { expect }) =>
    withGroup(async (group) => {
      const [old] = await group.answers();
      const run = group.project.start(...newRollout(group, '--min-healthy-time', '2s'));
      await run.says(/@1 {2}switch/);
      run.child.kill(signal);
      // A closed terminal is told twice, by the kernel and by the shell.
      if (signal === 'SIGHUP') run.child.kill(signal);
      const ran = await run.done;
      expect(ran.code, ran.text).toBe(6);
      expect(ran.text).toContain(`Interrupted (stopped by ${signal}).`);
      const [first, ...rest] = await group.answers();
      expect(first).not.toBe(old);
      expect(rest).toEqual([old, old]);
      await expectResumed(expect, group, old);
    }),
);

test.concurrent('the terminal is closed: the instance in hand is finished, and resume goes on', ({
  expect,
}) =>
  withGroup(async (group) => {
    const [old] = await group.answers();
    const args = newRollout(group, '--min-healthy-time', '2s');
    const terminal = group.project.startOnTerminal(...args);
    await firstSwitched(group, old);
    const [pid] = readFileSync(`/proc/${terminal.pid}/task/${terminal.pid}/children`, 'utf8')
      .trim()
      .split(' ');
    terminal.kill('SIGKILL');
    for (let i = 0; existsSync(`/proc/${pid}`) && i < 400; i += 1) await sleep(50);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    const end = (await group.project.events()).at(-1);
    expect(end).toMatchObject({ type: 'deployment.finished', outcome: 'interrupted' });
    const [first, ...rest] = await group.answers();
    expect(first).not.toBe(old);
    expect(rest).toEqual([old, old]);
    await expectResumed(expect, group, old);
  }));

test.concurrent('nobody reads what it says any more: it goes on to the end', ({ expect }) =>
  withGroup(async (group) => {
    const [old] = await group.answers();
    const run = group.project.start(...newRollout(group, '-o', 'jsonl'));
    await run.says(/update.started/);
    run.child.stdout?.destroy();
    run.child.stderr?.destroy();
    const ran = await run.done;
    expect(ran.code, ran.text).toBe(0);
    const after = await group.answers();
    expect(new Set(after).size).toBe(1);
    expect(after[0]).not.toBe(old);
  }));

test.concurrent('its output goes to a full disk: it goes on to the end', ({ expect }) =>
  withGroup(async (group) => {
    const [old] = await group.answers();
    const full = openSync('/dev/full', 'w');
    const run = group.project.startInto([full, full], ...newRollout(group));
    closeSync(full);
    const ran = await run.done;
    expect(ran.code).toBe(0);
    expect((await group.answers())[2]).not.toBe(old);
  }));

test.concurrent('its output is a full pipe: the rollout is not held up, and no line is lost', ({ expect }) =>
  withGroup(async (group) => {
    const [old] = await group.answers();
    const fifo = join(group.project.dir, 'fifo');
    await mustRun('mkfifo', [fifo]);
    const reader = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    const filled = fill(reader);
    const writer = openSync(fifo, 'w');
    const run = group.project.startInto([writer, writer], ...newRollout(group, '-o', 'jsonl'));
    closeSync(writer);
    let ended = false;
    const done = run.done.finally(() => {
      ended = true;
    });
    for (let i = 0; i < 300; i += 1) {
      const history = await group.project.pdeploy('history');
      if (/ done,/.test(history.stdout)) break;
      await sleep(100);
    }
    const after = await group.answers();
    expect(new Set(after).size).toBe(1);
    expect(after[0]).not.toBe(old);
    expect(ended).toBe(false);
    let text = '';
    while (!ended) {
      text += drain(reader);
      await sleep(20);
    }
    text += drain(reader);
    closeSync(reader);
    expect((await done).code).toBe(0);
    const said = text.slice(filled).trim().split('\n');
    expect(JSON.parse(said.at(-1) ?? '')).toMatchObject({
      type: 'deployment.finished',
      outcome: 'succeeded',
    });
  }));

test.concurrent('it sleeps for longer than the guard: the host was first, and it says so', ({ expect }) =>
  withGroup(async (group) => {
    const before = await group.answers();
    const run = group.project.startFailing(
      'event.health.probed.after:stop',
      ...newRollout(group, '--healthy-deadline', '2s'),
    );
    await stopped(run);
    await firstSwitched(group, before[0]);
    for (let i = 0; i < 800 && (await group.answers())[0] !== before[0]; i += 1) await sleep(100);
    run.child.kill('SIGCONT');
    const ran = await run.done;
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toContain('went back by itself (guard)');
    expect(ran.text).not.toContain('is marked bad');
    expect(await group.answers()).toEqual(before);
  }));

test.concurrent('it sleeps for longer than the instance had to get healthy: that is no fault of the release', ({
  expect,
}) =>
  withGroup(async (group) => {
    const [old] = await group.answers();
    const args = newRollout(group, '--healthy-deadline', '3s', '--min-healthy-time', '1s');
    const ran = await group.project.startFailing('event.health.probed.after:sleep=8000', ...args).done;
    expect(ran.code, ran.text).toBe(0);
    const after = await group.answers();
    expect(new Set(after).size).toBe(1);
    expect(after[0]).not.toBe(old);
  }));

test.concurrent('it sleeps while somebody else takes over: on waking it can do nothing', ({ expect }) =>
  withGroup(async (group) => {
    const run = group.project.startFailing('event.wave.finished.after:stop', ...newRollout(group));
    await stopped(run);
    const other = fleet.colleague(`other-${n}`);
    const freed = await other.pdeploy('lock', 'release', '-i', 'lab', '--limit', group.limit, '--yes');
    expect(freed.code, freed.text).toBe(0);
    const theirs = await other.pdeploy(...newRollout({ ...group, project: other }, '--wave', '100%'));
    expect(theirs.code, theirs.text).toBe(0);
    const after = await group.answers();
    run.child.kill('SIGCONT');
    const ran = await run.done;
    // Whoever took it has finished: nobody holds it any more.
    expect(ran.text).toMatch(/lease +LOST/);
    expect(ran.code, ran.text).toBe(6);
    expect(await group.answers()).toEqual(after);
  }));

test.concurrent('the disk of its record fills: it stops, and resume goes on when there is room', ({
  expect,
}) =>
  withGroup(async (group) => {
    const [old] = await group.answers();
    await onSmallDisk(join(group.project.dir, '.pdeploy'), async (disk) => {
      const run = group.project.start(...newRollout(group, '--min-healthy-time', '2s'));
      await run.says(/@1 {2}switch/);
      const filler = join(disk, 'filler');
      const fd = openSync(filler, 'w');
      fill(fd);
      closeSync(fd);
      const ran = await run.done;
      expect(ran.code, ran.text).toBe(6);
      expect(ran.stderr).toMatch(/error PD5002: no room left to write \S+state.db\n {2}hint: free some room/);
      expect(ran.stderr).toMatch(
        /Interrupted \(nothing could be recorded any more\).*\n.*in hand; its host goes back to/,
      );
      expect(ran.stderr).toMatch(/Next: pdeploy resume d-/);
      await mustRun('rm', [filler]);
      await expectResumed(expect, group, old);
    });
  }));

test.concurrent('the directory of its record is read-only: refused, and nothing is touched', ({ expect }) =>
  withGroup(async (group) => {
    const before = await group.answers();
    await onSmallDisk(join(group.project.dir, '.pdeploy'), async (disk) => {
      await mustRun('mount', ['-o', 'remount,ro', disk]);
      const ran = await group.project.pdeploy(...newRollout(group));
      expect(ran.code, ran.text).toBe(3);
      expect(ran.stderr).toMatch(
        /error PD5001: \S+state.db cannot be written, .*\n {2}hint: .*PDEPLOY_STATE_DIR/,
      );
    });
    expect(await group.answers()).toEqual(before);
  }));

/** The smallest file system on which a rollout is begun at all. */
async function onSmallDisk(dir: string, work: (dir: string) => Promise<void>): Promise<void> {
  mkdirSync(dir, { recursive: true });
  await mustRun('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'pdeploy-test', dir]);
  try {
    await work(dir);
  } finally {
    await mustRun('umount', [dir]);
  }
}

/** Writes until nothing more goes in; gives the number of bytes. */
function fill(fd: number): number {
  let bytes = 0;
  for (let size = 65_536; size >= 1; ) {
    try {
      bytes += writeSync(fd, Buffer.alloc(size, ' '));
    } catch {
      size = Math.floor(size / 2);
    }
  }
  return bytes;
}

function drain(fd: number): string {
  const chunk = Buffer.alloc(65_536);
  let text = '';
  for (;;) {
    try {
      text += chunk.toString('utf8', 0, readSync(fd, chunk));
    } catch {
      return text;
    }
  }
}
