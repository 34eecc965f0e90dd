import { afterAll, beforeAll, describe, type ExpectStatic, test } from 'vitest';
import type { Fleet, FleetHost } from './fleet.ts';
import { type Group, goOn, openGroups } from './groups.ts';
import { hasFaults } from './lab-file.ts';
import { bothSides, expectSettled, ON_THE_WAY, ON_THE_WAY_BACK, patientAnswer } from './sweep.ts';

const ALL = process.env.PDEPLOY_TEST_SWEEP === 'all';
const INSTANCES = ALL ? 2 : 1;
/** Of two instances the second is the one that is in flight, and the first has handed over. */
const OF_INSTANCE =
  /^event\.(update|health|wave\.started|instance\.(healthy|committed))|^call\.(activate|commit)/;

const WAY = ALL
  ? bothSides(ON_THE_WAY)
  : [
      'event.update.started.after',
      'event.update.switched.before',
      'event.health.probed.after',
      'event.instance.healthy.after',
      'call.commit.before',
      'call.commit.after',
    ];
const WAY_BACK = ALL
  ? bothSides(ON_THE_WAY_BACK)
  : ['call.rollback.before', 'call.rollback.after', 'event.revert.started.after'];
const failpoint = (place: string): string =>
  INSTANCES === 2 && OF_INSTANCE.test(place) ? `${place}@2:kill` : `${place}:kill`;

const COMMON = ['-e', 'activation=handover', '-e', 'grace_seconds=1'];
/** The old process answers for 5 s more, and the new one is watched after that. */
const GOOD = [...COMMON, '--healthy-deadline', '20s'];
const BAD = [...COMMON, '-e', 'fault={"never_ready":true}', '--healthy-deadline', '9s'];

/** Nothing of a handover is left: one process for each instance, no socket where nobody waits, no timer. */
const LEFT = `pgrep -xc edge; ls /run/edge/*/upgrade.sock 2>/dev/null
  systemctl list-units --all --plain --no-legend 'pdeploy-leave-*'`;

describe.runIf(hasFaults())('the controller is killed in a handover', { timeout: 300_000 }, () => {
  let fleet: Fleet;
  let withGroup: Awaited<ReturnType<typeof openGroups>>['withGroup'];
  let n = 10;
  beforeAll(async () => {
    ({ fleet, withGroup } = await openGroups(undefined, {
      groups: 9,
      each: 1,
      instances: INSTANCES,
      args: COMMON,
    }));
  });
  afterAll(() => fleet.end());

  /** What a restart of any instance would change. */
  const starts = async (host: FleetHost): Promise<string> =>
    (await fleet.ssh(host.name, "systemctl show -P ActiveEnterTimestampMonotonic -P NRestarts 'edge@*'"))
      .stdout;

  const killAt = async (group: Group, place: string, args: readonly string[]) => {
    const [host] = group.hosts;
    if (host === undefined) throw new Error('a group has one host');
    const since = await starts(host);
    const old = await patientAnswer(host.address);
    n += 1;
    const again = group.project.rolloutArgs(
      ...[`v${n}`, '-e', `workers=${n}`, '--limit', group.limit, ...args],
    );
    const killed = await group.project.startFailing(failpoint(place), ...again).done;
    return { host, since, old, again, killed };
  };

  const expectQuiet = async (expect: ExpectStatic, host: FleetHost, since: string): Promise<void> => {
    const left = async () => (await fleet.ssh(host.name, LEFT)).stdout.trim();
    await expect.poll(left, { timeout: 90_000, interval: 500 }).toBe(String(INSTANCES));
    // No port was ever closed.
    expect(await starts(host)).toBe(since);
  };

  const comesBack = async (
    expect: ExpectStatic,
    group: Group,
    place: string,
    args: readonly string[],
    code: number,
  ): Promise<void> => {
    const { host, since, old, again, killed } = await killAt(group, place, args);
    expect(killed.code, killed.text).toBeNull();
    const wentOn = await goOn(group, again);
    expect(wentOn.code, wentOn.text).toBe(code);
    await expectQuiet(expect, host, since);
    const now = await expectSettled(fleet, group.hosts, group.project, ['--limit', group.limit]);
    expect(now === old, `${old} ${now}`).toBe(code !== 0);
  };

  test.concurrent.for(WAY)('at %s, and somebody comes back', (place, { expect }) =>
    withGroup((group) => comesBack(expect, group, place, GOOD, 0)),
  );

  test.concurrent.for(WAY_BACK)('at %s of a bad release, and somebody comes back', (place, { expect }) =>
    withGroup((group) => comesBack(expect, group, place, BAD, 4)),
  );

  // It takes the time of a trial.
  test.concurrent.for(ALL ? WAY : [])(
    'at %s, and nobody comes back',
    { timeout: 400_000 },
    (place, { expect }) =>
      withGroup(async (group) => {
        const { host, since, old, again, killed } = await killAt(group, place, [
          ...GOOD,
          '--healthy-deadline',
          '10s',
        ]);
        expect(killed.code, killed.text).toBeNull();
        const record = 'cat /var/lib/pdeploy/edge/*/pending.* 2>/dev/null; cat /proc/uptime';
        const said = (await fleet.ssh(host.name, record)).stdout;
        const until = Number(/^deadline (\d+)$/m.exec(said)?.[1] ?? 0) / 100;
        const left = Math.max(0, until - Number(/^(\d+\.\d+) \S+$/m.exec(said)?.[1]));
        const pending = async () =>
          (await fleet.ssh(host.name, 'ls /var/lib/pdeploy/edge/*/pending.*')).stdout;
        await expect.poll(pending, { timeout: left * 1_000 + 10_000, interval: 500 }).toBe('');
        await expectQuiet(expect, host, since);
        const releases = await Promise.all([6188, 6198].map((port) => fleet.answers(port)));
        const index = fleet.hosts.indexOf(host);
        for (const answers of releases) expect(answers[index]).not.toBe('');
        if (until > 0) expect(releases.at(-1)?.[index]).toBe(old);
        const status = await fleet.ssh(
          host.name,
          "grep -h '^restored 0' /var/lib/pdeploy/edge/*/rolledback.*",
        );
        expect(status.stdout).toBe('');
        // The lease ends with time; the person who comes back then finds one release, or goes on.
        await group.project.pdeploy('lock', 'release', '-i', 'lab', '--yes', '--limit', group.limit);
        const wentOn = await goOn(group, again);
        expect([0, 4], wentOn.text).toContain(wentOn.code);
        await expectSettled(fleet, group.hosts, group.project, ['--limit', group.limit]);
      }),
  );
});
