import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encryptFile } from '../../src/secrets/age.ts';
import { playController } from './controller-host.ts';
import { type Fleet, openFleet } from './fleet.ts';

/** Writes a secret from a file of age to the other host. */
const PLAYBOOK = `import { definePlaybook, file, secret } from 'pdeploy';
export default definePlaybook({
  name: 'rollout',
  service: 'edge',
  secrets: { key: secret('edge.key') },
  steps: ({ secrets }) => [file({ path: '/etc/edge-key', content: secrets.key })],
});
`;

let fleet: Fleet;
let controller: Awaited<ReturnType<typeof playController>>;
/** A host that plays the controller, and one that is deployed to. */
let control = '';
let target = '';

beforeAll(async () => {
  fleet = await openFleet({ hosts: 2 });
  [control = '', target = ''] = fleet.hosts.map((host) => host.name);
  controller = await playController(fleet, control);
  const { put, recipient } = controller;
  const address = fleet.hosts[1]?.address;
  const services = { edge: { on: target, instances: { 1: { port: 6188 } } } };
  put(
    'srv/fleet/inventories/prod.yaml',
    JSON.stringify({ hosts: { [target]: { address, user: 'root' } }, services }),
  );
  put('srv/fleet/playbooks/rollout.ts', PLAYBOOK);
  put(
    'srv/fleet/secrets/prod.yaml.age',
    await encryptFile(Buffer.from('edge: { key: a secret of the schedule }'), [recipient]),
  );
  put('srv/fleet/pdeploy.yaml', `notify:\n  - exec: [/bin/sh, -c, 'cat >>/srv/fleet/.pdeploy/told']\n`);
  await controller.own();
});
afterAll(async () => {
  await controller.end();
  await fleet.ssh(target, 'rm -f /etc/edge-key');
  await fleet.end();
});

describe('a scheduled job', () => {
  test('is started by its timer, as an ordinary user with two credentials, and does what a person would', async () => {
    const said = await controller.install('rollout', '1m');
    expect(said).toMatch(/rollout of prod runs every 1m as scheduler: pdeploy-rollout-prod-\w{6}\.timer/);
    expect(await controller.rows()).toMatchObject([
      { what: 'rollout of prod', every: '1m', result: 'never' },
    ]);
    await vi.waitFor(
      async () =>
        expect(await controller.rows()).toMatchObject([{ result: expect.stringMatching(/^(ok|exit)/) }]),
      {
        timeout: 120_000,
        interval: 1_000,
      },
    );
    const [row] = await controller.rows();
    const journal = await controller.on(control, `journalctl -u ${row?.name} -o cat --no-pager`);
    expect(row, journal).toMatchObject({ result: 'ok' });
    expect(Date.parse(row?.next ?? '') - Date.parse(row?.last ?? '')).toBeLessThan(130_000);
    expect(await controller.on(target, 'cat /etc/edge-key')).toBe('a secret of the schedule');
    expect(await controller.on(control, 'stat -c %U /srv/fleet/.pdeploy/state.db')).toBe('scheduler\n');
    expect(journal).not.toContain('a secret of the schedule');
    // Again: there is nothing to do, and nothing is done.
    await controller.on(control, `systemctl start ${row?.name}.service`);
    expect(await controller.on(control, `journalctl -u ${row?.name} -o cat --no-pager`)).toContain(
      'Nothing has been changed.',
    );
  });

  test('lets somebody else who has the lease be', async () => {
    await controller.on(target, 'printf changed >/etc/edge-key');
    const lock = await fleet.pdeploy('lock', 'acquire', '-i', 'lab', '-l', target, '-m', 'by hand');
    expect(lock.code, lock.text).toBe(0);
    const env =
      'PDEPLOY_LOCK_WAIT=2s PDEPLOY_SSH_KEY=/root/schedule/key PDEPLOY_AGE_KEY_FILE=/root/schedule/age.key';
    await controller.on(control, 'mkdir -p ~/.ssh && cp /home/scheduler/.ssh/known_hosts ~/.ssh/known_hosts');
    const said = await controller.on(
      control,
      `cd /srv/fleet && ${env} /opt/node /opt/cli/bin/pdeploy schedule run rollout -i prod 2>&1`,
    );
    expect(said).toContain('Somebody else has the lease of prod; nothing was done this time.');
    expect(await controller.on(target, 'cat /etc/edge-key')).toBe('changed');
    await fleet.pdeploy('lock', 'release', '-i', 'lab', '-l', target, '--yes');
    await controller.on(control, 'rm -rf ~/.ssh/known_hosts; chown -R scheduler: /srv/fleet');
  });

  test('that fails is told of, and listed as failed', async () => {
    await controller.schedule('remove rollout -i prod');
    await controller.on(target, 'printf changed >/etc/edge-key');
    await controller.install('drift', '12h');
    const name = (await controller.rows())[0]?.name ?? '';
    await fleet.ssh(control, `systemctl start ${name}.service`);
    const told = await vi.waitFor(
      async () => JSON.parse(await controller.on(control, 'cat /srv/fleet/.pdeploy/told')),
      {
        timeout: 60_000,
        interval: 500,
      },
    );
    expect(told).toMatchObject({
      job: 'drift',
      inventory: 'prod',
      result: 'exit code 7, changes are pending',
    });
    expect(told.said).toContain('/etc/edge-key');
    expect(told.said).not.toContain('a secret of the schedule');
    expect(await controller.rows()).toMatchObject([
      { what: 'drift of prod', result: 'exit code 7', note: 'changes are pending' },
    ]);
    expect(await controller.schedule('list')).toMatch(
      /drift of prod +12h +\d{4}-\S+ \S+ UTC +exit code 7 +\d{4}-/,
    );
  });

  test('is gone when it was removed', async () => {
    expect(await controller.schedule('remove drift -i prod')).toContain('is not run any more');
    expect(await controller.on(control, 'ls /etc/systemd/system; systemctl list-timers --all')).not.toContain(
      '-prod-',
    );
    expect(
      (
        await fleet.ssh(
          control,
          'cd /srv/fleet && /opt/node /opt/cli/bin/pdeploy schedule remove drift -i prod',
        )
      ).code,
    ).toBe(3);
  });
});
