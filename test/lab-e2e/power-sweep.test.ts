import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, type ExpectStatic, test } from 'vitest';
import { boot } from '../../src/lab/boot.ts';
import { powerCut } from '../../src/lab/power.ts';
import { answer, type Fleet, type FleetHost } from './fleet.ts';
import { type Group, openGroups } from './groups.ts';
import { hasFaults } from './lab-file.ts';
import { type Started, stopped } from './process.ts';
import { expectSettled } from './sweep.ts';

const ALL = process.env.PDEPLOY_TEST_SWEEP === 'all';

/** Where the power of the second host is cut, in the order of a rollout, and what that host runs after its boot. */
const WAY = [
  ['call.observe.before@2', 'old'],
  ['call.observe.after@2', 'old'],
  ['call.lease.before@2', 'old'],
  ['call.lease.after@2', 'old'],
  ['event.prepare.started.after@2', 'old'],
  ['call.prepare.before@2', 'old'],
  ['call.prepare.after@2', 'old'],
  ['event.update.started.after@2', 'old'],
  ['call.activate.before@2', 'old'],
  ['event.update.switched.before@2', 'old'],
  ['event.update.switched.after@2', 'old'],
  ['event.instance.healthy.before@2', 'old'],
  ['event.instance.healthy.after@2', 'old'],
  ['call.activate.after@2', 'old'],
  ['call.commit.before@2', 'old'],
  ['call.commit.after@2', 'new'],
  ['event.instance.committed.before@2', 'new'],
  ['event.instance.committed.after@2', 'new'],
  ['call.finish.before@2', 'new'],
  ['call.finish.after@2', 'new'],
] as const;

/** npm run sweeps takes all of them; next to one of the others these are the same moment for a host. */
const TWICE =
  /^event\.(prepare|update\.started|update\.switched\.before|instance\.(healthy\.after|committed))|^call\.(observe|prepare|finish)\.before/;
const ON_THE_WAY = WAY.filter(([place]) => ALL || !TWICE.test(place));

/** Of these, where the new release was on trial when it happened. */
const TRIAL_OPEN = new Set<string>([
  'event.update.switched.before@2',
  'event.update.switched.after@2',
  'event.instance.healthy.before@2',
  'event.instance.healthy.after@2',
  'call.activate.after@2',
  'call.commit.before@2',
]);

/** The same of a release that is taken back, on its first host. */
const WAY_BACK = [
  'event.health.probed.before@2',
  'event.health.probed.after@2',
  'call.rollback.before',
  'call.rollback.after',
  'event.instance.failed.after',
  'event.rollback.started.after',
  'event.revert.started.after',
  'call.rollback.after@2',
  'event.instance.reverted.before',
];
const TWICE_BACK = /^event\.(health\.probed\.before|instance|rollback|revert)|^call\.rollback\.after@2/;
const ON_THE_WAY_BACK = WAY_BACK.filter((place) => ALL || !TWICE_BACK.test(place));
const BAD = ['-e', 'fault={"never_ready":true}', '--healthy-deadline', '5s'];

/** How long after its boot began a host may take to serve its first request. */
const FIRST_REQUEST_MS = 15_000;
let fleet: Fleet;
let withGroup: Awaited<ReturnType<typeof openGroups>>['withGroup'];
let n = 10;
beforeAll(async () => {
  ({ fleet, withGroup } = await openGroups());
});
afterAll(() => fleet.end());

/** Cuts the power of a host, lets the controller go on, and boots: what is served first, and how long after the boot. */
async function cutAndBoot(victim: FleetHost, run: Started) {
  const host = await fleet.labHost(victim.name);
  await powerCut(host);
  run.child.kill('SIGCONT');
  const started = performance.now();
  const booted = boot(host);
  let release = '';
  while (release === '' && performance.now() < started + 2 * FIRST_REQUEST_MS) {
    release = await answer(victim.address, 6188);
    if (release === '') await sleep(25);
  }
  const ms = performance.now() - started;
  await booted;
  return { release, ms };
}

type Cut = { readonly place: string; readonly on: 0 | 1; readonly args: readonly string[] };

/** A rollout during which the power of a host is cut; it ends on one release everywhere, and says on which. */
async function cutDuring(expect: ExpectStatic, { hosts, limit, project }: Group, { place, on, args }: Cut) {
  const victim = hosts[on];
  if (victim === undefined) throw new Error('a group has three hosts');
  n += 1;
  const again = project.rolloutArgs(`v${n}`, '-e', `workers=${n}`, '--limit', limit, ...args);
  const old = await answer(victim.address, 6188);
  const run = project.startFailing(`${place}:stop`, ...again);
  await stopped(run);
  const first = await cutAndBoot(victim, run);
  let ran = await run.done;
  const { text } = ran;
  const byItself = ran.code;
  // Refused where the lease was lost with the host: nothing had been changed, so the person asks once more.
  if (ran.code === 3) ran = await project.pdeploy(...again);
  else if (ran.code !== 0 && ran.code !== 4) ran = await project.pdeploy('resume');
  expect([0, 4], `${text}\n${ran.text}`).toContain(ran.code);
  const now = await expectSettled(fleet, hosts, project, ['--limit', limit]);
  expect(now === old ? 4 : 0, ran.text).toBe(ran.code);
  expect(first.ms).toBeLessThan(FIRST_REQUEST_MS);
  return { first: first.release === old ? 'old' : 'new', byItself, text, ms: first.ms };
}

describe('power is cut', () => {
  test.concurrent.for(ON_THE_WAY)('at %s: its host boots into the %s release', ([place, side], { expect }) =>
    withGroup(async (group) => {
      const cut = await cutDuring(expect, group, { place, on: 1, args: [] });
      expect(cut.first, cut.text).toBe(side);
      if (!TRIAL_OPEN.has(place)) return;
      expect(cut.text).toContain('went back by itself (reboot) before it was committed');
      // It was not the release that failed.
      expect(cut.text).not.toContain('is marked bad');
    }),
  );

  // The second service of the lab has no faults to rehearse with.
  test.concurrent.for(hasFaults() ? ON_THE_WAY_BACK : [])(
    'at %s of a bad release: its host boots into the old release',
    (place, { expect }) =>
      withGroup(async (group) => {
        const cut = await cutDuring(expect, group, { place, on: 0, args: BAD });
        expect([cut.first, cut.byItself], cut.text).toEqual(['old', 4]);
      }),
  );
});
