import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Fleet, openFleet } from './fleet.ts';

let workers = 2;

/** People who interfere with a deployment while it runs. */
describe('a deployment under control', () => {
  let fleet: Fleet;
  let before: readonly string[];

  beforeAll(async () => {
    fleet = await openFleet({ hosts: 3 });
    await fleet.install('v1');
  });
  beforeEach(async () => {
    before = await fleet.answers();
    expect(new Set(before).size).toBe(1);
  });
  afterAll(() => fleet.end());

  /** A rollout of something new. */
  function begin(...args: string[]) {
    workers += 1;
    return fleet.start(...fleet.rolloutArgs(`v${workers}`, '-e', `workers=${workers}`, ...args));
  }

  async function eventually<T>(
    look: () => Promise<T>,
    good: (seen: T) => boolean,
    limitMs: number,
  ): Promise<T> {
    const until = performance.now() + limitMs;
    for (;;) {
      const seen = await look();
      if (good(seen) || performance.now() > until) return seen;
      await new Promise((r) => setTimeout(r, 250));
    }
  }

  test('the canary waits for a person; promote from another terminal lets it go on', async () => {
    const run = begin('--canary', '1', '--promote', 'manual');
    await run.says(/edge-01@1 {2}commit/);
    await run.says(/wave {8}1 done/);
    await new Promise((r) => setTimeout(r, 1_500));
    const waiting = await fleet.answers();
    expect(waiting[0]).not.toBe(before[0]);
    expect(waiting.slice(1)).toEqual(before.slice(1));

    const promote = await fleet.pdeploy('promote');
    expect(promote.code, promote.text).toBe(0);
    expect(promote.stderr).toMatch(/^d-\S+ is promoted: the next waves start\.$/m);
    const ran = await run.done;
    expect(ran.code, ran.text).toBe(0);
    expect(await fleet.answers()).toEqual([waiting[0], waiting[0], waiting[0]]);
    const promoted = (await fleet.events()).find((e) => e.type === 'deployment.promoted');
    expect(promoted).toMatchObject({ by: 'tester' });
  });

  test('pause holds it after the instance in hand, continue lets it go on', async () => {
    const run = begin('--min-healthy-time', '1s');
    await run.says(/edge-01@1 {2}switch/);
    const pause = await fleet.pdeploy('pause');
    expect(pause.code, pause.text).toBe(0);
    await run.says(/edge-01@1 {2}commit/);
    await new Promise((r) => setTimeout(r, 2_000));
    const held = await fleet.answers();
    expect(held[0]).not.toBe(before[0]);
    expect(held.slice(1)).toEqual(before.slice(1));
    expect((await fleet.pdeploy('continue')).code).toBe(0);
    const ran = await run.done;
    expect(ran.code, ran.text).toBe(0);
    expect(new Set(await fleet.answers()).size).toBe(1);
    const types = (await fleet.events()).map((e) => e.type);
    expect(types.indexOf('deployment.paused')).toBeLessThan(types.indexOf('deployment.continued'));
  });

  test('abort takes back what was switched', async () => {
    const run = begin('--min-healthy-time', '3s');
    await run.says(/edge-02@1 {2}switch/);
    const third = (await fleet.mainPids())[2];
    const abort = await fleet.pdeploy('abort');
    expect(abort.code, abort.text).toBe(0);
    const ran = await run.done;
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toContain('Aborted by tester.');
    expect(await fleet.answers()).toEqual(before);
    expect((await fleet.mainPids())[2]).toBe(third);
    const reverted = (await fleet.events()).flatMap((e) =>
      e.type === 'instance.reverted' ? [e.instance] : [],
    );
    expect(reverted).toEqual(['edge-02@1', 'edge-01@1']);
  });

  test('Ctrl-C once: the instance in hand is finished, and resume goes on from there', async () => {
    const run = begin('--min-healthy-time', '1s');
    await run.says(/edge-01@1 {2}switch/);
    run.child.kill('SIGINT');
    const ran = await run.done;
    expect(ran.code, ran.text).toBe(6);
    const id = /deployment (d-\S+)|pdeploy resume (d-\S+)/.exec(ran.text)?.[2] ?? '';
    expect(ran.text).toContain(`Next: pdeploy resume ${id}`);
    const half = await fleet.answers();
    expect(half[0]).not.toBe(before[0]);
    expect(half.slice(1)).toEqual(before.slice(1));
    const pids = await fleet.mainPids();
    expect((await fleet.pdeploy('lock', 'status', '-i', 'lab', '-o', 'json')).stdout).not.toContain(id);

    const resumed = await fleet.pdeploy('resume');
    expect(resumed.text).toContain(`Going on with ${id}`);
    expect(resumed.code, resumed.text).toBe(0);
    expect(await fleet.answers()).toEqual([half[0], half[0], half[0]]);
    expect((await fleet.mainPids())[0]).toBe(pids[0]);
  });

  test('Ctrl-C in a rollback: resume takes the rest back too', async () => {
    expect((await begin('--wave', '100%').done).code).toBe(0);
    const [newer] = await fleet.answers();
    const rollback = [
      'rollback',
      '-i',
      'lab',
      '--yes',
      '--min-healthy-time',
      '1s',
      '--healthy-deadline',
      '8s',
    ];
    const run = fleet.start(...rollback);
    await run.says(/edge-01@1 {2}switch/);
    run.child.kill('SIGINT');
    const ran = await run.done;
    expect(ran.code, ran.text).toBe(6);
    expect(await fleet.answers()).toEqual([before[0], newer, newer]);

    const resumed = await fleet.pdeploy('resume');
    expect(resumed.code, resumed.text).toBe(0);
    expect(await fleet.answers()).toEqual(before);
    const releases = await fleet.pdeploy('releases');
    expect(releases.stdout).not.toContain('bad');
  });

  test('Ctrl-C twice: it leaves at once, and the host goes back by its guard', async () => {
    const run = begin('--min-healthy-time', '3s', '--healthy-deadline', '4s');
    await run.says(/edge-01@1 {2}switch/);
    run.child.kill('SIGINT');
    await new Promise((r) => setTimeout(r, 200));
    const left = performance.now();
    run.child.kill('SIGINT');
    const ran = await run.done;
    expect(performance.now() - left).toBeLessThan(2_000);
    expect(ran.code, ran.text).toBe(6);
    expect(ran.text).toContain('pdeploy resume');
    expect((await fleet.answers())[0]).not.toBe(before[0]);
    const back = await eventually(fleet.answers, (a) => a[0] === before[0], 70_000);
    expect(back).toEqual(before);

    const resumed = await fleet.pdeploy('resume');
    expect(resumed.code, resumed.text).toBe(4);
    expect(resumed.text).toContain('went back by itself (guard) while no controller was there');
    expect(await fleet.answers()).toEqual(before);
  });
});
