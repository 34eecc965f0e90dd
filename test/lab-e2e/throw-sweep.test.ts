import { afterAll, beforeAll, test } from 'vitest';
import type { Fleet } from './fleet.ts';
import { goOn, openGroups } from './groups.ts';
import { bothSides, expectSettled, failpointAt, ON_THE_WAY } from './sweep.ts';

const ALL = process.env.PDEPLOY_TEST_SWEEP === 'all';

/** One of each kind of place: in the stream of a trial, on its two sides, in the loop, in a call, before and after a trial. */
const THROWN = ALL
  ? bothSides(ON_THE_WAY)
  : [
      'event.update.switched.before',
      'event.health.probed.before',
      'event.health.probed.after',
      'call.activate.before',
      'event.wave.started.after',
      'call.lease.before',
    ];

const DROPPED = ALL
  ? bothSides(ON_THE_WAY.filter((place) => place.startsWith('call.')))
  : ['call.activate.after', 'call.commit.after', 'call.finish.before'];

/** After the error was said: what is under way is given up, not waited for. */
const ENDS_WITHIN_MS = 10_000;

let fleet: Fleet;
let withGroup: Awaited<ReturnType<typeof openGroups>>['withGroup'];
let n = 10;
beforeAll(async () => {
  ({ fleet, withGroup } = await openGroups());
});
afterAll(() => fleet.end());

test.concurrent.for(THROWN)(
  'an error that nobody expects at %s ends pdeploy, and resume goes on',
  (place, { expect }) =>
    withGroup(async (group) => {
      const { hosts, limit, project } = group;
      const [old] = await group.answers();
      n += 1;
      const args = project.rolloutArgs(`v${n}`, '-e', `workers=${n}`, '--limit', limit);
      const run = project.startFailing(failpointAt(place, 'throw'), ...args);
      await run.says(/error PD1000/);
      const said = performance.now();
      const ran = await run.done;
      const ms = performance.now() - said;
      expect(ran.code, ran.text).toBe(1);
      expect(ran.stderr).toContain(`error PD1000: internal error: failpoint ${place}`);
      expect(ms, ran.text).toBeLessThan(ENDS_WITHIN_MS);
      const wentOn = await goOn(group, args);
      expect(wentOn.code, wentOn.text).toBe(0);
      expect(await expectSettled(fleet, hosts, project, ['--limit', limit])).not.toBe(old);
    }),
);

test.concurrent.for(DROPPED)('a message lost at %s is asked for again', (place, { expect }) =>
  withGroup(async (group) => {
    const { hosts, limit, project } = group;
    const [old] = await group.answers();
    n += 1;
    const args = project.rolloutArgs(`v${n}`, '-e', `workers=${n}`, '--limit', limit);
    const ran = await project.startFailing(failpointAt(place, 'drop'), ...args).done;
    expect(ran.code, ran.text).toBe(0);
    expect(await expectSettled(fleet, hosts, project, ['--limit', limit])).not.toBe(old);
  }),
);
