import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasFaults } from './lab-file.ts';
import {
  bothSides,
  failpointAt,
  ON_THE_WAY,
  ON_THE_WAY_BACK,
  ON_THE_WAY_OF_DRAINS,
  openSweep,
} from './sweep.ts';

let sweep: Awaited<ReturnType<typeof openSweep>>;
beforeAll(async () => {
  sweep = await openSweep();
});
afterAll(() => sweep.end());

const BAD = ['-e', 'fault={"never_ready":true}', '--healthy-deadline', '3s'];

describe.runIf(hasFaults())('a bad release', () => {
  test.each(bothSides(ON_THE_WAY_BACK))(
    'the controller is killed at %s, and somebody comes back',
    async (name) => {
      const [old] = await sweep.fleet.answers();
      const killed = await sweep.fail(failpointAt(name, 'kill').replace('@2', ''), ...BAD);
      expect(killed.code, killed.text).toBeNull();
      const wentOn = await sweep.goOn(...BAD);
      expect(wentOn.code, wentOn.text).toBe(4);
      expect(await sweep.expectSettled()).toBe(old);
    },
  );
});

/** What somebody asks for, what goes wrong on the way, looks through balancers, and the calls of resume, of hooks and of other commands. */
const NEITHER = [
  'event.lease.lost',
  'event.prepare.failed',
  'event.host.skipped',
  'event.host.deferred',
  'event.drain.failed',
  'event.undrain.failed',
  'event.traffic.seen',
  'event.traffic.failed',
  'event.recheck.started',
  'event.update.reset',
  'event.revert.failed',
  'event.deployment.paused',
  'event.deployment.continued',
  'event.deployment.promoted',
  'event.deployment.aborted',
  'event.deployment.stopping',
  'event.deployment.resumed',
  'event.hook.finished',
  'event.note',
  'call.inspect',
  'call.apply',
  'call.watch',
  'call.status',
  'call.extend',
  'call.undo',
  'call.settle',
];

test('every failpoint is in a sweep, or known to be on neither way', async () => {
  const listed = await sweep.fleet.pdeploy('failpoints');
  const swept = new Set(bothSides([...ON_THE_WAY, ...ON_THE_WAY_BACK, ...ON_THE_WAY_OF_DRAINS]));
  const rest = listed.stdout
    .trim()
    .split('\n')
    .filter((name) => !swept.has(name));
  expect([...new Set(rest.map((name) => name.replace(/\.(before|after)$/, '')))]).toEqual(NEITHER);
});
