import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fleet, Project } from './fleet.ts';
import { type Ran, watch } from './process.ts';

/** sftp and scp wait for an answer in their protocol, which never comes; ssh ends by itself. */
const LIMITS_MS = { ssh: 20_000, scp: 2_500, sftp: 2_500 };

/** The deploy login of a fleet: its key, and projects whose inventory logs in as it. */
export type Login = {
  readonly publicKey: string;
  /** A colleague's project that reaches the hosts as the deploy login. */
  readonly project: (name: string, transport: 'ssh2' | 'openssh') => Project;
  /** OpenSSH with the key, and no configuration; the words come after its options. */
  readonly ssh: (program: 'ssh' | 'scp' | 'sftp', words: readonly string[], input?: string) => Promise<Ran>;
  /** Takes the login from every host. */
  readonly remove: () => Promise<void>;
};

export function deployLogin(fleet: Fleet, name = 'pdeploy'): Login {
  const key = join(fleet.dir, `${name}.key`);
  const made = spawnSync('ssh-keygen', [
    '-q',
    '-t',
    'ed25519',
    '-a',
    '1',
    '-N',
    '',
    '-C',
    'ci@test',
    '-f',
    key,
  ]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  const options = [
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${fleet.knownHosts}`,
    'StrictHostKeyChecking=yes',
    'BatchMode=yes',
    'ConnectTimeout=5',
  ].flatMap((option) => ['-o', option]);
  return {
    publicKey: `${key}.pub`,
    project: (project, transport) => {
      const made = fleet.colleague(project);
      const inventory = JSON.parse(readFileSync(join(fleet.dir, 'inventories/lab.yaml'), 'utf8'));
      inventory.defaults = { ...inventory.defaults, user: name, identity: key, transport };
      made.write('inventories/lab.yaml', JSON.stringify(inventory));
      return made;
    },
    ssh: (program, words, input = '') =>
      watch(spawn(program, ['-F', 'none', '-i', key, ...options, ...words], { stdio: 'pipe' }), {
        input,
        limitMs: LIMITS_MS[program],
      }).done,
    remove: async () => {
      for (const host of fleet.hosts)
        await fleet.ssh(
          host.name,
          `rm -rf /etc/pdeploy /etc/sudoers.d/pdeploy* /home/${name} /etc/sysusers.d/pdeploy-${name}.conf
           userdel ${name} 2>/dev/null; true`,
        );
    },
  };
}
