import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { cut, heal, partition, uncut } from '../../src/lab/faults.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { stopped } from './process.ts';

/** Hosts that cannot be reached, before a rollout or in the middle of it. */
describe('an unreachable host', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await openFleet({ hosts: 3 });
    await fleet.install('v1');
  });
  afterEach(async () => {
    for (const h of fleet.hosts) {
      const host = await fleet.labHost(h.name);
      await uncut(host);
      await heal(host);
    }
  });
  afterAll(() => fleet.end());

  const lost = async (name: string): Promise<void> =>
    partition(await fleet.labHost(name), { direction: 'both', kind: 'rst', ports: [22] });
  const found = async (name: string): Promise<void> => heal(await fleet.labHost(name));

  test('fail: refused, whether there is something to do or not', async () => {
    const pids = await fleet.mainPids();
    await cut(await fleet.labHost('edge-02'));
    const gone = await fleet.rollout('v2', '-e', 'workers=3');
    expect(gone.code, gone.text).toBe(3);
    expect(gone.stderr).toMatch(
      /error PD3004: cannot be reached: edge-02 \(.*(there is no route to it|it does not answer)/,
    );
    await uncut(await fleet.labHost('edge-02'));
    await lost('edge-02');
    const same = await fleet.rollout('v1');
    expect(same.code, same.text).toBe(3);
    expect(same.stderr).toMatch(/error PD3004: cannot be reached: edge-02 \(.*connection refused/);
    await found('edge-02');
    expect(await fleet.mainPids()).toEqual(pids);
  });

  test('skip: the others are updated, and it is told who was left out', async () => {
    const before = await fleet.answers();
    await lost('edge-03');
    const ran = await fleet.rollout(
      'v-skip',
      '--wave',
      '100%',
      '--on-unreachable',
      'skip',
      '-e',
      'workers=4',
    );
    expect(ran.code, ran.text).toBe(0);
    expect(ran.text).toMatch(/edge-03 {4}skipped .*connection refused/);
    expect(ran.text).toMatch(/edge-03 was skipped: .*connection refused/);
    const status = await fleet.pdeploy('status', '-i', 'lab');
    expect(status.code, status.text).toBe(3);
    expect(status.stdout).toMatch(/edge-03 +1 .*unknown .*unreachable/);
    const again = await fleet.rollout('v-skip', '--on-unreachable', 'skip', '-e', 'workers=4');
    expect(again.code, again.text).toBe(0);
    expect(again.text).toContain('runs v-skip already, but for what cannot be reached: edge-03');
    await found('edge-03');
    const after = await fleet.answers();
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).toBe(after[0]);
    expect(after[2]).toBe(before[2]);
  });

  test('defer: it is tried again when the others are done', async () => {
    await lost('edge-01');
    const args = ['--on-unreachable', 'defer', '--min-healthy-time', '1s', '-e', 'workers=5'];
    const run = fleet.start(...fleet.rolloutArgs('v-defer', ...args));
    await run.says(/edge-02@1 {2}switch/);
    await found('edge-01');
    const ran = await run.done;
    expect(ran.code, ran.text).toBe(0);
    expect(ran.text).toMatch(/edge-01 {4}deferred .*connection refused/);
    expect(ran.text).toContain('Trying again: edge-01');
    expect(ran.text).toMatch(/edge-01@1 {2}commit {6}ok/);
    const answers = await fleet.answers();
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  test('lost while it is prepared: deferred, and updated last', async () => {
    const args = ['--on-unreachable', 'defer', '--min-healthy-time', '1s', '-e', 'workers=6'];
    const run = fleet.start(...fleet.rolloutArgs('v-lost', ...args));
    await run.says(/edge-01 {4}lease/);
    await lost('edge-01');
    await run.says(/edge-02@1 {2}switch/);
    await found('edge-01');
    const ran = await run.done;
    expect(ran.code, ran.text).toBe(0);
    const events = await fleet.events();
    expect(events.filter((e) => e.type === 'host.deferred').map((e) => e.host)).toEqual(['edge-01']);
    expect(events.flatMap((e) => (e.type === 'instance.committed' ? [e.instance] : []))).toEqual([
      'edge-02@1',
      'edge-03@1',
      'edge-01@1',
    ]);
    expect(new Set(await fleet.answers()).size).toBe(1);
  });

  test('lost while it is prepared: by default the rollout ends, and the release is not blamed', async () => {
    const pids = await fleet.mainPids();
    const run = fleet.start(...fleet.rolloutArgs('v-gone', '-e', 'workers=7'));
    await run.says(/edge-02 {4}lease/);
    await lost('edge-02');
    const ran = await run.done;
    await found('edge-02');
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toContain('edge-02 could not be prepared');
    expect(ran.text).toContain('Failed before any instance was touched.');
    expect(await fleet.mainPids()).toEqual(pids);
    const releases = await fleet.pdeploy('releases');
    expect(releases.stdout).toMatch(/v-gone/);
    expect(releases.stdout).not.toMatch(/v-gone.*bad/);
  });

  test('lost while it is updated: nobody says that it is back, and the release is not blamed', async () => {
    const args = ['--wave', '100%', '-e', 'workers=9'];
    const run = fleet.startFailing('call.activate.before:stop', ...fleet.rolloutArgs('v-cut', ...args));
    await stopped(run);
    await partition(await fleet.labHost('edge-02'), { direction: 'both', kind: 'drop' });
    run.child.kill('SIGCONT');
    const ran = await run.done;
    expect(ran.code, ran.text).toBe(5);
    expect(ran.text).toMatch(/edge-02@1 +FAILED +PD3303 unreachable: nothing was heard of edge-02 for 8 s/);
    expect(ran.text).not.toMatch(/edge-02@1.*is back on/);
    const releases = await fleet.pdeploy('releases');
    expect(releases.stdout).toMatch(/v-cut .*unproven/);

    await found('edge-02');
    const settled = await fleet.pdeploy('resume', '-i', 'lab');
    expect(settled.code, settled.text).toBe(0);
    expect(new Set(await fleet.answers()).size).toBe(1);
  });
});
