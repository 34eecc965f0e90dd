import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directLoad, percentile, type Tally } from '../load/direct.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';

const PORT = 6188;

describe.skipIf(!hasFaults())('one host, asked directly, with handovers', () => {
  let fleet: Fleet;
  const common = ['-e', 'activation=handover', '-e', 'grace_seconds=1', '--min-healthy-time', '1s'];
  beforeAll(async () => {
    fleet = await openFleet({ hosts: 1 });
    await fleet.install('v1', ...common);
  });
  afterAll(() => fleet.end());

  const rollout = (label: string, ...args: string[]) => fleet.rollout(label, ...common, ...args);
  /** Once the process of the handover before has left, which goes on to answer for 5 s. */
  const load = async () => {
    const processes = async (): Promise<string> =>
      (await fleet.ssh(fleet.hosts[0]?.name ?? '', 'pgrep -xc edge')).stdout.trim();
    await expect.poll(processes, { timeout: 60_000, interval: 500 }).toBe('1');
    return directLoad({ address: fleet.hosts[0]?.address ?? '', port: PORT }, { kept: 6, fresh: 3 });
  };
  const unbroken = (tally: Tally): void => {
    expect(tally.failed).toEqual(new Map());
    expect(tally.byRelease.size).toBe(2);
  };
  /** When the unit became active: a restart would change it. */
  const since = async () =>
    (await fleet.ssh(fleet.hosts[0]?.name ?? '', 'systemctl show -P ActiveEnterTimestampMonotonic edge@1'))
      .stdout;
  const wholes: Tally[] = [];

  test('a rollout, a rollback and a bad release cost no request', async () => {
    const began = await since();
    const quiet = await load();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const calm = await quiet.end();

    const plan = await fleet.pdeploy(
      'plan',
      '-i',
      'lab',
      '--release',
      'v2',
      '-e',
      'workers=3',
      ...common.slice(0, 4),
    );
    expect(plan.stdout).toContain('1 handover on 1 host');
    let busy = await load();
    const ran = await rollout('v2', '-e', 'workers=3');
    wholes.push(await busy.end());
    expect(ran.code, ran.text).toBe(0);

    busy = await load();
    const back = await fleet.pdeploy('rollback', '-i', 'lab', '--yes', ...common);
    wholes.push(await busy.end());
    expect(back.code, back.text).toBe(0);

    busy = await load();
    const bad = await rollout('v3', '-e', 'fault={"never_ready":true}', '--healthy-deadline', '9s');
    const tally = await busy.end();
    wholes.push(tally);
    expect(bad.code, bad.text).toBe(4);

    for (const one of wholes) unbroken(one);
    expect(await since()).toBe(began);
    const sum = wholes.reduce((n, one) => n + one.answered, 0);
    const repeated = wholes.reduce((n, one) => n + one.repeated, 0);
    // Connections that the old process had accepted, and not read from, when it began to drain.
    expect(repeated).toBeLessThan(sum / 500);
    process.stderr.write(
      `handover: ${sum} requests, ${repeated} sent again, p99 ${percentile(calm, 0.99).toFixed(1)} ms quiet, ` +
        `${wholes.map((one) => percentile(one, 0.99).toFixed(1)).join(', ')} ms in a rollout, a rollback, a failure\n`,
    );
    expect(sum).toBeGreaterThan(20_000);
  }, 240_000);

  test.each([300, 3_000])(
    'a controller that is killed %d ms into a handover costs no request',
    async (ms) => {
      const began = await since();
      const label = `k${ms}`;
      const busy = await load();
      const run = fleet.start(...fleet.rolloutArgs(label, ...common, '-e', `workers=${ms === 300 ? 4 : 5}`));
      await run.says(/prepare +ok/);
      await new Promise((resolve) => setTimeout(resolve, ms));
      run.child.kill('SIGKILL');
      await run.done;
      const resumed = await fleet.pdeploy('resume');
      const tally = await busy.end();
      expect(resumed.code, resumed.text).toBe(0);
      unbroken(tally);
      expect(await since()).toBe(began);
    },
    160_000,
  );
});
