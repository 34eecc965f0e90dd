import { afterEach, expect, test } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';

let fleet: Fleet | undefined;
afterEach(async () => {
  await fleet?.end();
  fleet = undefined;
});

/** Who was switched and committed, in order. */
function flow(events: readonly Event[]): readonly string[] {
  return events.flatMap((e) =>
    e.type === 'update.started' || e.type === 'instance.committed' ? [`${e.type} ${e.instance}`] : [],
  );
}

test('first install, unchanged second run, update, rollback to the proven release', async () => {
  fleet = await openFleet({ hosts: 3 });
  const first = await fleet.rollout('v1');
  expect(first.text).toContain('3 of 3 healthy');
  expect(first.code, first.text).toBe(0);
  const one = await fleet.answers();
  expect(new Set(one).size).toBe(1);
  expect(one[0]).toMatch(/^[0-9a-f]{64}$/);
  const pids = await fleet.mainPids();
  expect(await fleet.ssh('edge-02', 'systemctl is-enabled edge@1')).toMatchObject({ stdout: 'enabled\n' });

  const again = await fleet.rollout('v1');
  expect(again.code, again.text).toBe(0);
  expect(again.text).toContain('Nothing has been changed');
  expect(await fleet.mainPids()).toEqual(pids);

  const second = await fleet.rollout('v2', '-e', 'workers=3');
  expect(second.code, second.text).toBe(0);
  const two = await fleet.answers();
  expect(two[0]).not.toBe(one[0]);
  expect(new Set(two).size).toBe(1);
  expect(flow(await fleet.events())).toEqual(
    fleet.hosts.flatMap((h) => [`update.started ${h.name}@1`, `instance.committed ${h.name}@1`]),
  );

  const back = await fleet.pdeploy('rollback', '-i', 'lab', '--yes', '--min-healthy-time', '500ms');
  expect(back.text).toContain(`is on ${one[0]?.slice(0, 7)}: 3 of 3 healthy`);
  expect(back.code, back.text).toBe(0);
  expect(await fleet.answers()).toEqual(one);
});

test('a rollback is refused when there is no proven release', async () => {
  fleet = await openFleet({ hosts: 1 });
  await fleet.install('v1');
  const pids = await fleet.mainPids();
  const refused = await fleet.pdeploy('rollback', '-i', 'lab', '--yes');
  expect(refused.code, refused.text).toBe(3);
  expect(refused.stderr).toContain('error PD3046: there is no proven release of edge to go back to');
  expect(await fleet.mainPids()).toEqual(pids);
});

test('two instances on one host are restarted one after the other', async () => {
  fleet = await openFleet({ hosts: 1, instances: 2 });
  await fleet.install('v1');
  expect((await fleet.rollout('v2', '-e', 'workers=3')).code).toBe(0);
  expect(flow(await fleet.events())).toEqual([
    'update.started edge-01@1',
    'instance.committed edge-01@1',
    'update.started edge-01@2',
    'instance.committed edge-01@2',
  ]);
  const [one, two] = [await fleet.answers(6188), await fleet.answers(6198)];
  expect(one[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(one).toEqual(two);
});

test.runIf(hasFaults())('a first install that fails leaves nothing of it behind', async () => {
  fleet = await openFleet({ hosts: 2 });
  const bad = await fleet.rollout('v1', '--healthy-deadline', '3s', '-e', 'fault={"never_ready":true}');
  expect(bad.code, bad.text).toBe(4);
  expect(bad.text).toContain('edge-01@1 removed again');
  expect(await fleet.answers()).toEqual(['', '']);
  for (const host of fleet.hosts) {
    const left = await fleet.ssh(
      host.name,
      'ls /etc/systemd/system /opt/pdeploy/edge/1 /run/systemd/system.control 2>&1',
    );
    expect(left.stdout).not.toContain('edge@1.service');
    expect(left.stdout).not.toContain('current');
  }
});
