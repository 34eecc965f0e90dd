import { afterEach, expect, test } from 'vitest';
import { answer, type Fleet, openFleet } from './fleet.ts';
import { ownPlaybook } from './playbook.ts';

let fleet: Fleet | undefined;
afterEach(async () => {
  await fleet?.end();
  fleet = undefined;
});

/** The exposure that systemd on the host computes of the unit it has loaded. */
async function exposure(on: Fleet): Promise<number> {
  const said = await on.ssh('edge-01', 'systemd-analyze security --no-pager edge@1.service');
  return Number(/Overall exposure level for edge@1\.service: ([\d.]+)/.exec(said.stdout)?.[1] ?? Number.NaN);
}

test.each([
  { hardening: 'A', most: 1.4, steps: '' },
  { hardening: 'B', most: 1.1, steps: `sysctl({ 'net.ipv4.ip_unprivileged_port_start': 80 }),` },
])(
  'set $hardening serves on port 80 with an exposure of at most $most',
  async ({ hardening, most, steps }) => {
    fleet = await openFleet({ hosts: 1, ports: { port: 80 } });
    fleet.write('playbooks/rollout.ts', ownPlaybook({ steps }));
    const ran = await fleet.rollout('v1', '-e', `hardening=${hardening}`);
    expect(ran.text).toContain('1 of 1 healthy');
    expect(ran.code, ran.text).toBe(0);
    const host = fleet.hosts[0];
    expect(await answer(host?.address ?? '', 80)).toMatch(/^[0-9a-f]{64}$/);
    const runs = await fleet.ssh(
      'edge-01',
      'ps -o user= -p $(systemctl show -P MainPID edge@1); cat /proc/$(systemctl show -P MainPID edge@1)/status | grep CapEff',
    );
    expect(runs.stdout).toMatch(hardening === 'A' ? /^edge\nCapEff:\s0{13}400$/m : /^edge\nCapEff:\s0{16}$/m);
    const level = await exposure(fleet);
    expect(level).toBeGreaterThan(0);
    expect(level).toBeLessThanOrEqual(most);
    const again = await fleet.rollout('v1', '-e', `hardening=${hardening}`);
    expect(again.text).toContain('Nothing has been changed');
  },
);
