import { uptime as machineUptime } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answer, type Fleet, openFleet } from './fleet.ts';

/** A trial is open on the host at these places; one host for each. */
const OPEN = [
  'event.update.switched.before',
  'event.update.switched.after',
  'event.health.probed.after',
  'event.instance.healthy.before',
  'event.instance.healthy.after',
  'call.commit.before',
] as const;

/** How long after its guard's time a host may take to be on the old release again. */
const GRACE_S = 2;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await openFleet({ hosts: OPEN.length });
  await fleet.install('v1');
});
afterAll(() => fleet.end());

const uptime = async (host: string): Promise<number> =>
  Number((await fleet.ssh(host, 'cut -d " " -f 1 /proc/uptime')).stdout);

/** When the trial of a host ends by itself, seconds of its uptime; undefined when none is open. */
async function deadline(host: string): Promise<number | undefined> {
  const { stdout } = await fleet.ssh(
    host,
    "sed -n 's/^deadline //p' /var/lib/pdeploy/edge/1/pending.* 2>/dev/null",
  );
  return stdout === '' ? undefined : Number(stdout) / 100;
}

/** When the service said that it is ready, in seconds of the host's uptime, which does not depend on who asks how soon. */
async function readySince(host: string): Promise<number> {
  const { stdout } = await fleet.ssh(host, 'systemctl show -P ActiveEnterTimestampMonotonic edge@1');
  // The hosts of the lab share this machine's clocks; the monotonic one stands still while a machine is suspended.
  const suspended = machineUptime() - Number(process.hrtime.bigint()) / 1e9;
  return Number(stdout) / 1e6 + suspended;
}

test('the controller is killed while a trial is open and nobody comes back: each host goes back by its guard', async () => {
  const [old] = await fleet.answers();
  await Promise.all(
    OPEN.map(async (place, i) => {
      const host = fleet.hosts[i];
      if (host === undefined) throw new Error('there is a host for each place');
      const colleague = fleet.colleague(`operator-${i}`);
      const args = colleague.rolloutArgs(
        'v2',
        '-e',
        'workers=3',
        '--limit',
        host.name,
        '--healthy-deadline',
        '2s',
      );
      const killed = await colleague.startFailing(`${place}:kill`, ...args).done;
      expect(killed.code, `${place}\n${killed.text}`).toBeNull();
      const until = await deadline(host.name);
      expect(until, place).toBeDefined();
      // The new release runs, and goes on running until the time is over.
      await expect.poll(() => answer(host.address, 6188), { timeout: 5_000 }).not.toBe(old);
      const left = (until ?? 0) - (await uptime(host.name));
      expect(left).toBeGreaterThan(10);
      await new Promise((r) => setTimeout(r, (left - 2) * 1_000));
      expect(await answer(host.address, 6188), place).not.toBe(old);
      await expect.poll(() => answer(host.address, 6188), { timeout: 10_000, interval: 100 }).toBe(old);
      expect(await readySince(host.name), place).toBeLessThan((until ?? 0) + GRACE_S);
      const state = await fleet.ssh(
        host.name,
        'ls /var/lib/pdeploy/edge/1/pending.* 2>/dev/null; systemctl is-active edge@1; grep -h "^by " /var/lib/pdeploy/edge/1/rolledback.*',
      );
      expect(state.stdout, place).toBe('active\nby guard\n');
    }),
  );
  // A person can go on at once where the lease has ended, and finds the fleet as it was.
  expect(await fleet.answers()).toEqual(OPEN.map(() => old));
});
