import { afterAll, beforeAll, expect, test } from 'vitest';
import { cut, uncut } from '../../src/lab/faults.ts';
import { type Fleet, openFleet } from './fleet.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await openFleet({ hosts: 2, host: () => ({ transport: 'openssh' }) });
});
afterAll(() => fleet.end());

test('a fleet is rolled out and back by OpenSSH, and it says so', async () => {
  const first = await fleet.rollout('v1');
  expect(first.code, first.text).toBe(0);
  expect(first.stderr).toMatch(/^edge-0[12] is reached by OpenSSH: the inventory asks for it$/m);
  const [old] = await fleet.answers();
  const second = await fleet.rollout('v2', '-e', 'workers=3');
  expect(second.code, second.text).toBe(0);
  expect(await fleet.answers()).not.toContain(old);
  const back = await fleet.pdeploy('rollback', '-i', 'lab', '--yes', '--min-healthy-time', '500ms');
  expect(back.code, back.text).toBe(0);
  expect(await fleet.answers()).toEqual([old, old]);
});

test('a host that cannot be reached is refused with the reason', async () => {
  const host = await fleet.labHost('edge-02');
  await cut(host);
  const refused = await fleet.rollout('v3', '-e', 'workers=4');
  await uncut(host);
  expect(refused.code, refused.text).toBe(3);
  expect(refused.text).toMatch(/edge-02: /);
});
