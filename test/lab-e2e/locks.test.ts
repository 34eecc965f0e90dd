import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boot } from '../../src/lab/boot.ts';
import { powerCut } from '../../src/lab/power.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { hasFaults } from './lab-file.ts';

type StatusJson = {
  readonly release: string;
  readonly label: string;
  readonly instances: readonly { readonly host: string; readonly health: string; readonly note: string }[];
};

describe('what a fleet tells about itself', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await openFleet({ hosts: 2 });
    await fleet.install('v1');
  });
  afterAll(() => fleet.end());

  test('a lock that a person takes holds everybody off until it is released', async () => {
    const free = await fleet.pdeploy('lock', 'status', '-i', 'lab');
    expect(free.stdout.match(/free/g)).toHaveLength(2);
    const none = await fleet.pdeploy('lock', 'acquire', '-i', 'lab');
    expect(none.code, none.text).toBe(2);

    const taken = await fleet.pdeploy('lock', 'acquire', '-i', 'lab', '-m', 'moving racks');
    expect(taken.code, taken.text).toBe(0);
    // The lease of a deployment would end with the boot, or after two minutes.
    const host = await fleet.labHost('edge-01');
    await powerCut(host);
    await boot(host);
    const pids = await fleet.mainPids();
    const refused = await fleet.colleague('second').rollout('v2', '-e', 'workers=3');
    expect(refused.code, refused.text).toBe(3);
    expect(refused.stderr).toMatch(
      /error PD3201: tester holds the lease of edge on edge-01 for \S+ \(moving racks\); held until it is released/,
    );
    expect(await fleet.mainPids()).toEqual(pids);
    const status = await fleet.pdeploy('lock', 'status', '-i', 'lab');
    expect(status.stdout).toMatch(/edge-02 +held by tester .*when released +moving racks/);

    const released = await fleet.pdeploy('lock', 'release', '-i', 'lab', '--yes');
    expect(released.code, released.text).toBe(0);
    expect(released.stderr).toContain('Freed on edge-01, edge-02.');
    const json = await fleet.pdeploy('lock', 'status', '-i', 'lab', '-o', 'json');
    const { locks } = JSON.parse(json.stdout) as { locks: { host: string; lease?: object }[] };
    expect(locks.map((l) => [l.host, l.lease])).toEqual([
      ['edge-01', undefined],
      ['edge-02', undefined],
    ]);
    expect((await fleet.colleague('third').rollout('v2', '--wave', '100%', '-e', 'workers=3')).code).toBe(0);
  });

  test('--lock-wait waits for the lease and looks at the fleet anew', async () => {
    expect((await fleet.pdeploy('lock', 'acquire', '-i', 'lab', '-m', 'moving racks')).code).toBe(0);
    const args = ['--wave', '100%', '-e', 'workers=5'];
    const tooShort = await fleet.colleague('second').rollout('v4', ...args, '--lock-wait', '1s');
    expect(tooShort.code, tooShort.text).toBe(3);
    const colleague = fleet.colleague('second');
    const waiting = colleague.start(...colleague.rolloutArgs('v4', ...args, '--lock-wait', '60s'));
    await waiting.says(/Waiting: tester holds the lease of edge on edge-01 .*moving racks/);
    expect((await fleet.pdeploy('lock', 'release', '-i', 'lab', '--yes')).code).toBe(0);
    const ran = await waiting.done;
    expect(ran.code, ran.text).toBe(0);
    const wrong = await fleet.rollout('v4', ...args, '--lock-wait', 'soon');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--lock-wait soon')]);
  });

  const look = async (): Promise<{ readonly code: number | null; readonly json: StatusJson }> => {
    const ran = await fleet.pdeploy('status', '-i', 'lab', '-o', 'json');
    return { code: ran.code, json: JSON.parse(ran.stdout) as StatusJson };
  };
  const healthOf = (json: StatusJson): readonly string[] => json.instances.map((i) => i.health);

  test('status judges a release that only the hosts know of; a stopped instance makes it 3', async () => {
    const deployed = await fleet.colleague('fourth').rollout('v3', '--wave', '100%', '-e', 'workers=4');
    expect(deployed.code, deployed.text).toBe(0);
    const [release] = await fleet.answers();
    const well = await look();
    expect(well.code).toBe(0);
    expect(well.json).toMatchObject({ release, label: 'v3' });
    expect(healthOf(well.json)).toEqual(['healthy', 'healthy']);

    await fleet.ssh('edge-02', 'systemctl stop edge@1');
    const stopped = await look();
    const text = await fleet.pdeploy('status', '-i', 'lab');
    await fleet.ssh('edge-02', 'systemctl start edge@1');
    expect(stopped.code).toBe(3);
    expect(healthOf(stopped.json)).toEqual(['healthy', 'stopped']);
    expect(text.code, text.text).toBe(3);
    expect(text.stdout).toMatch(/1 of 2 healthy/);
    expect(text.stdout).toMatch(/edge-02 +1 +[0-9a-f]{7} +stopped .*inactive \(dead\)/);
    expect((await look()).code).toBe(0);
  });

  test.runIf(hasFaults())('status is 3 when an instance runs but is not ready', async () => {
    await fleet.ssh('edge-01', 'touch /run/edge/1/drain');
    const draining = await look();
    await fleet.ssh('edge-01', 'rm /run/edge/1/drain');
    expect(draining.code).toBe(3);
    expect(healthOf(draining.json)).toEqual(['unhealthy', 'healthy']);
    expect(draining.json.instances[0]?.note).toContain('answered 503');
  });
});
