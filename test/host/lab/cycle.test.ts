import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { unitName } from '../../../src/model/host.ts';
import { sha256 } from '../../../src/util/digest.ts';
import { testRelease } from './service.ts';
import { must, openWorld, type World } from './world.ts';

const SERVICE = 'cycle';
let world: World;

beforeAll(async () => {
  world = await openWorld(0, SERVICE);
});
afterAll(() => world.end());

describe('an instance from its first install on', () => {
  const one = testRelease(SERVICE, { page: 'one' });
  const two = testRelease(SERVICE, { page: 'two' });
  const niced = testRelease(SERVICE, {
    page: 'three',
    unit: (text) => text.replace('Type=exec', 'Type=exec\nNice=5'),
    dropIns: { '10-limit.conf': '[Service]\nLimitNOFILE=1234\n' },
    logrotate: '/var/log/cycle.log { weekly missingok }\n',
  });

  test('prepare stages and starts nothing', async () => {
    const answer = must(await world.prepare(one, ['7101']));
    expect(answer.lines).toContain('stage stored');
    const seen = await world.observe(['7101']);
    expect(seen.instances.get('7101')).toMatchObject({
      current: '',
      running: '',
      activeState: 'inactive',
      enabled: false,
    });
    expect(seen.releases).toMatchObject([
      { digest: one.hostRelease.digest, intact: true, label: 'v1 "quoted"' },
    ]);
  });

  test('a second prepare changes nothing', async () => {
    const answer = must(await world.prepare(one, ['7101']));
    expect(answer.lines.filter((line) => line.startsWith('changed'))).toEqual([]);
  });

  test('the trial runs before it is durable', async () => {
    const { opId, samples } = await world.activate({ instance: '7101', from: undefined, to: one });
    expect(samples.at(-1)).toMatchObject({
      activeState: 'active',
      exeMatch: true,
      startedAfterSwitch: true,
      restarts: 0,
      missingListens: [],
    });
    const seen = await world.observe(['7101']);
    expect(seen.instances.get('7101')).toMatchObject({
      current: '',
      running: one.hostRelease.digest,
      pending: { opId, from: '', to: one.hostRelease.digest },
    });
    expect(await world.status(opId, '7101')).toMatchObject({ kind: 'pending', switched: true });
    must(await world.commit(opId, '7101'));
    expect(await world.status(opId, '7101')).toEqual({ kind: 'committed' });
    expect(await world.page('7101')).toBe('one');
  });

  test('what is committed is what the host tells', async () => {
    const seen = await world.observe(['7101', '7102']);
    const unit = one.entries.find((entry) => entry.path === 'release/unit');
    expect(seen.instances.get('7101')).toMatchObject({
      unit: unitName(SERVICE, '7101'),
      current: one.hostRelease.digest,
      running: one.hostRelease.digest,
      activeState: 'active',
      enabled: true,
      unitSha256: unit !== undefined && 'content' in unit ? sha256(unit.content) : '?',
    });
    expect(seen.instances.get('7101')?.pending).toBeUndefined();
    expect(seen.instances.get('7102')).toMatchObject({ current: '', mainPid: 0, unitSha256: '' });
    expect(seen.lease).toMatchObject({ holder: 'tester', deployment: world.deployment, epoch: world.epoch });
  });

  test('the next release needs no reload, and rolling back brings the first one again', async () => {
    must(await world.prepare(two, ['7101']));
    const { opId } = await world.activate({ instance: '7101', from: one, to: two });
    expect(await world.page('7101')).toBe('two');
    const volatile = await world.client.sh('ls /run/systemd/system.control 2>/dev/null');
    expect(volatile.stdout).not.toContain(SERVICE);
    const answer = must(await world.rollback(opId, '7101'));
    expect(answer.lines).toContain(`restored ${one.hostRelease.digest}`);
    expect(await world.page('7101')).toBe('one');
    expect(await world.status(opId, '7101')).toMatchObject({
      kind: 'rolled-back',
      by: 'controller',
      restored: true,
      evidence: { unitState: 'active/running', listens: [7101] },
    });
  });

  test('a changed unit is tried from /run and becomes durable by the commit', async () => {
    must(await world.prepare(niced, ['7101']));
    const { opId } = await world.activate({ instance: '7101', from: one, to: niced });
    const show =
      'systemctl show -p FragmentPath,Nice,LimitNOFILE --value cycle@7101; cat /etc/systemd/system/cycle@7101.service';
    const trial = await world.client.sh(show);
    expect(trial.stdout).toContain('/run/systemd/system.control/cycle@7101.service');
    expect(trial.stdout).toMatch(/^1234$/m);
    expect(trial.stdout).not.toContain('Nice=5');
    must(await world.commit(opId, '7101'));
    await expect
      .poll(async () => (await world.client.sh(show)).stdout)
      .toContain('/etc/systemd/system/cycle@7101.service');
    const after = await world.client.sh(
      `${show}; ls /run/systemd/system.control; cat /etc/logrotate.d/pdeploy-cycle; systemctl is-active cycle@7101`,
    );
    expect(after.stdout).toContain('Nice=5');
    expect(after.stdout).toContain('weekly');
    expect(after.stdout).toMatch(/^active$/m);
    expect(await world.page('7101')).toBe('three');
  });

  test('drop-ins that a release no longer has are masked in the trial and gone after the commit', async () => {
    const { opId } = await world.activate({ instance: '7101', from: niced, to: one });
    expect((await world.client.sh('systemctl show -p LimitNOFILE --value cycle@7101')).stdout).not.toMatch(
      /^1234$/m,
    );
    must(await world.commit(opId, '7101'));
    const left = await world.client.sh(
      'ls /etc/systemd/system/cycle@7101.service.d /etc/logrotate.d/pdeploy-cycle; systemctl daemon-reload; systemctl show -p LimitNOFILE --value cycle@7101',
    );
    expect(left.stdout).not.toContain('10-limit');
    expect(left.stdout).not.toMatch(/^1234$/m);
    expect(left.stderr).toContain('pdeploy-cycle');
  });

  test('nothing is left running but the service itself', async () => {
    const left = await world.client.sh(
      `systemctl list-units --all --plain --no-legend 'pdeploy-guard*'; ls -d /run/pdeploy.* 2>/dev/null; ls /opt/pdeploy/${SERVICE}/.incoming`,
    );
    expect(left.stdout.trim()).toBe('');
  });
});

describe('a first install that fails', () => {
  const only = testRelease(SERVICE, { page: 'only' });

  test('rolling back removes it', async () => {
    must(await world.prepare(only, ['7102']));
    const { opId } = await world.activate({ instance: '7102', from: undefined, to: only });
    expect(await world.page('7102')).toBe('only');
    must(await world.rollback(opId, '7102'));
    const seen = await world.observe(['7102']);
    expect(seen.instances.get('7102')).toMatchObject({
      current: '',
      running: '',
      activeState: 'inactive',
      unitSha256: '',
      enabled: false,
    });
  });

  test('a committed one can be taken back in the same deployment', async () => {
    await world.deploy(only, '7103');
    const { opId } = await world.activate({ instance: '7103', from: only, to: only });
    must(await world.rollback(opId, '7103'));
    expect(await world.page('7103')).toBe('only');
    const trials = await world.client.sh(`ls /var/lib/pdeploy/${SERVICE}/7103`);
    const first = /committed\.(\S+)/.exec(trials.stdout)?.[1] ?? '';
    must(await world.rollback(first, '7103'));
    const seen = await world.observe(['7103']);
    expect(seen.instances.get('7103')).toMatchObject({
      current: '',
      running: '',
      unitSha256: '',
      enabled: false,
    });
  });

  test('a unit that was there before comes back', async () => {
    const own = '[Service]\\nExecStart=/bin/sleep 4321\\n[Install]\\nWantedBy=multi-user.target\\n';
    await world.client.sh(
      `printf '${own}' >/etc/systemd/system/cycle@7104.service; systemctl daemon-reload; systemctl start cycle@7104`,
    );
    must(await world.prepare(only, ['7104']));
    const { opId } = await world.activate({ instance: '7104', from: undefined, to: only });
    expect(await world.page('7104')).toBe('only');
    must(await world.rollback(opId, '7104'));
    const after = await world.client.sh(
      'systemctl is-active cycle@7104; tr "\\0" " " </proc/$(systemctl show -p MainPID --value cycle@7104)/cmdline',
    );
    expect(after.stdout).toBe('active\n/bin/sleep 4321 ');
  });
});
