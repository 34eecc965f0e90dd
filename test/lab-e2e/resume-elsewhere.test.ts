import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectSettled, failpointAt, openSweep } from './sweep.ts';

/** Where a host knows something that the controller took to its grave. */
const PLACES = [
  'call.prepare.after',
  'call.activate.after',
  'event.instance.healthy.after',
  'call.commit.before',
  'call.commit.after',
];

let sweep: Awaited<ReturnType<typeof openSweep>>;
beforeAll(async () => {
  sweep = await openSweep();
});
afterAll(() => sweep.end());

const state = async (host: string): Promise<string> =>
  (
    await sweep.fleet.ssh(
      host,
      'readlink -f /opt/pdeploy/edge/1/current; readlink -f /run/pdeploy/edge/1/current; readlink /proc/$(systemctl show -P MainPID edge@1)/exe',
    )
  ).stdout;

test.each(PLACES)(
  'the controller is lost at %s; another machine settles the hosts by their own records',
  async (place) => {
    const { fleet } = sweep;
    const before = await Promise.all(fleet.hosts.map((h) => state(h.name)));
    const [old] = await fleet.answers();
    expect((await sweep.fail(failpointAt(place, 'kill'))).code).toBeNull();

    const elsewhere = fleet.colleague(`elsewhere-${place}`);
    const held = await elsewhere.pdeploy('resume', '-i', 'lab');
    expect([held.code, held.stderr], held.text).toEqual([
      3,
      expect.stringMatching(/PD3201: tester holds the lease/),
    ]);
    expect((await elsewhere.pdeploy('lock', 'release', '-i', 'lab', '--yes')).code).toBe(0);
    const resumed = await elsewhere.pdeploy('resume', '-i', 'lab');

    // Each host is on exactly the old or exactly the new release, by link, by process and by what it answers.
    const answers = await fleet.answers();
    const fresh = answers.filter((answer) => answer !== old);
    expect(answers).not.toContain('');
    expect(new Set(fresh).size).toBeLessThanOrEqual(1);
    for (const [i, host] of fleet.hosts.entries()) {
      const now = await state(host.name);
      const [durable, running, exe] = now.trim().split('\n');
      expect(running, `${place} ${host.name}`).toBe(durable);
      expect(exe?.startsWith(`${durable}/`), `${place} ${host.name} ${now}`).toBe(true);
      if (answers[i] === old) expect(now).toBe(before[i]);
    }
    const mixed = fresh.length > 0 && fresh.length < answers.length;
    expect(resumed.code, resumed.text).toBe(mixed ? 5 : resumed.text.includes('PD5007') ? 3 : 0);
    if (mixed) expect(resumed.stdout).toMatch(/runs 2 releases:[\s\S]*Go on +pdeploy rollout -i lab\n/);

    // The same command from the same place goes on, and nothing is left of the first one.
    const again = await elsewhere.rollout(sweep.label(), ...sweep.variables());
    expect(again.code, again.text).toBe(0);
    const now = await expectSettled(fleet);
    expect(now).not.toBe(old);
  },
);

test('where nothing is open it says so', async () => {
  const nothing = await sweep.fleet.colleague('bystander').pdeploy('resume', '-i', 'lab');
  expect(nothing.code).toBe(3);
  expect(nothing.stderr).toMatch(
    /PD5007: there is nothing to resume: no record here, and nothing open on the 3 hosts of lab/,
  );
});
