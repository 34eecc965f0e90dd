import { afterAll, beforeAll, expect, test } from 'vitest';
import { bothSides, failpointAt, ON_THE_WAY, openSweep } from './sweep.ts';

let sweep: Awaited<ReturnType<typeof openSweep>>;
beforeAll(async () => {
  sweep = await openSweep();
});
afterAll(() => sweep.end());

test.each(bothSides(ON_THE_WAY))('the controller is killed at %s, and somebody comes back', async (name) => {
  const [old] = await sweep.fleet.answers();
  const killed = await sweep.fail(failpointAt(name, 'kill'));
  expect(killed.code, killed.text).toBeNull();
  const wentOn = await sweep.goOn();
  expect(wentOn.code, wentOn.text).toBe(0);
  expect(await sweep.expectSettled()).not.toBe(old);
  const releases = await sweep.fleet.pdeploy('releases');
  expect(releases.stdout).toContain('proven');
  expect(releases.stdout).not.toContain('unproven');
});
