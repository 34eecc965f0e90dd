import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { forAarch64, withoutLibrary } from './binaries.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';

/** Releases that are bad, each in its own way. After each of them the fleet runs what it ran before. */
describe('a bad release', () => {
  let fleet: Fleet;
  let before: { readonly answers: readonly string[]; readonly pids: readonly string[] };

  beforeAll(async () => {
    fleet = await openFleet({ hosts: 3 });
    await fleet.install('v1');
  });
  beforeEach(async () => {
    before = { answers: await fleet.answers(), pids: await fleet.mainPids() };
    expect(new Set(before.answers).size).toBe(1);
  });
  afterAll(() => fleet.end());

  const short = (): string => before.answers[0]?.slice(0, 7) ?? '';

  async function wentBack(): Promise<void> {
    expect(await fleet.answers()).toEqual(before.answers);
    const pids = await fleet.mainPids();
    expect(pids[0]).not.toBe(before.pids[0]);
    expect(pids.slice(1)).toEqual(before.pids.slice(1));
  }

  async function nothingTouched(): Promise<void> {
    expect(await fleet.answers()).toEqual(before.answers);
    expect(await fleet.mainPids()).toEqual(before.pids);
  }

  describe.runIf(hasFaults())('by the faults of the reference service', () => {
    test('never gets healthy', async () => {
      const ran = await fleet.rollout('v2', '--healthy-deadline', '3s', '-e', 'fault={"never_ready":true}');
      expect(ran.code, ran.text).toBe(4);
      expect(ran.text).toMatch(
        /✖ edge-01@1 was not healthy within 3 s: GET http:\/\/127\.0\.0\.1:6190\/readyz answered 503 \(\d+ of \d+\)/,
      );
      expect(ran.text).toMatch(
        /the process runs \(pid \d+, release [0-9a-f]{7}\), listens on (:61(88|90|92)(, )?){3}, 0 restarts/,
      );
      expect(ran.text).toContain(`Failed and rolled back. The fleet is on ${short()}: 3 of 3 healthy.`);
      expect(ran.text).toContain('2 instances were never touched: edge-02@1, edge-03@1.');
      await wentBack();
      const releases = await fleet.pdeploy('releases');
      expect(releases.stdout).toMatch(/v2 .*bad/);
    });

    test('says in its log why, and that is what is shown', async () => {
      const ran = await fleet.rollout('v2', '--healthy-deadline', '2s', '-e', 'fault={"never_ready":true}');
      expect(ran.code, ran.text).toBe(4);
      expect(ran.text).toMatch(
        /last lines of this invocation:\n(?: {6}.*\n)* {6}.*ready: 3 addresses answer as pid \d+/,
      );
      // What the stop itself logs comes after the failure and would push the reason out of sight.
      expect(ran.text).not.toContain('Graceful shutdown');
      expect(ran.text).not.toContain('Stopped edge@1.service');
    });

    test('gets healthy, then dies inside the window', async () => {
      const fault = 'fault={"exit_after_ms":1500}';
      const ran = await fleet.rollout(
        'v2',
        '--min-healthy-time',
        '3s',
        '--healthy-deadline',
        '6s',
        '-e',
        fault,
      );
      expect(ran.code, ran.text).toBe(4);
      expect(ran.text).toMatch(/edge-01@1 was not healthy within 6 s: (restarted|the unit is activating)/);
      const seen = (await fleet.events()).filter(
        (e) => e.type === 'health.probed' && e.instance === 'edge-01@1',
      );
      expect(seen.some((e) => e.type === 'health.probed' && e.sample.ok)).toBe(true);
      await wentBack();
    });

    test('exits at once', async () => {
      const ran = await fleet.rollout('v2', '--healthy-deadline', '15s', '-e', 'fault={"exit_after_ms":1}');
      expect(ran.code, ran.text).toBe(4);
      expect(ran.text).toContain('edge-01@1 has ended: the unit is failed (failed): exit-code');
      expect(ran.text).toContain('fault.exit_after_ms: exiting');
      await wentBack();
    });

    test('never binds while another process answers on its ports', async () => {
      // A copy of the old binary takes the ports as soon as the old release leaves them, and answers to everything
      // with the label of the new one. It makes room again when the host goes back.
      await fleet.ssh(
        'edge-01',
        `old=$(readlink -f /run/pdeploy/edge/1/current); mkdir -p /run/stray; cp -r "$old/." /run/stray/
         cat >/run/stray/run <<'SH'
while :; do
  if [ "$(readlink -f /run/pdeploy/edge/1/current)" = "$1" ]; then
    [ -z "$pid" ] || kill -INT $pid; pid=
  elif [ -z "$pid" ]; then
    /run/stray/bin/edge -c /run/stray/config/1.* & pid=$!
  fi
  sleep 0.05
done
SH
         systemd-run -q --unit=stray-1 --setenv=PDEPLOY_RELEASE=v2 sh /run/stray/run "$old"`,
      );
      const fault = 'fault={"never_bind":true}';
      const ran = await fleet.rollout('v2', '--healthy-deadline', '6s', '-e', fault);
      await fleet.ssh('edge-01', 'systemctl stop stray-1; rm -rf /run/stray');
      expect(ran.code, ran.text).toBe(4);
      expect(ran.text).toMatch(
        /edge-01@1 was not healthy within 6 s: pid \d+ does not listen on :6190, :6188, :6192/,
      );
      const answered = (await fleet.events()).filter(
        (e) => e.type === 'health.probed' && e.sample.checks.every((c) => c.ok) && !e.sample.proof.ok,
      );
      expect(answered).not.toEqual([]);
      await wentBack();
    });
  });

  test('is built for another processor: refused before anything is touched', async () => {
    const binary = forAarch64(fleet.reference.binary, join(fleet.dir, 'edge-arm'));
    const ran = await fleet.rollout('v2', '-e', `binary=${binary}`);
    expect(ran.code, ran.text).toBe(3);
    expect(ran.text).toContain(
      `PD3011: edge-01 is x86_64, the binary ${fleet.reference.flavour} is built for aarch64`,
    );
    expect(ran.text).toContain('edge-03 is x86_64');
    await nothingTouched();
    const kept = await fleet.ssh('edge-01', 'ls /opt/pdeploy/edge/releases');
    expect(kept.stdout.trim().split('\n')).not.toContain(ran.text);
    const history = await fleet.pdeploy('history');
    expect(history.stdout).not.toMatch(/running|interrupted/);
  });

  test('needs a library that the hosts lack: refused by its own config test', async () => {
    const binary = withoutLibrary(fleet.reference.binary, join(fleet.dir, 'edge-lib'));
    const ran = await fleet.rollout('v2', '-e', `binary=${binary}`);
    expect(ran.code, ran.text).toBe(4);
    expect(ran.text).toMatch(/edge-01 could not be prepared: .*libq\S+: cannot open shared object file/);
    expect(ran.text).toContain('Failed before any instance was touched.');
    await nothingTouched();
  });
});
