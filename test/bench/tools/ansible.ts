import { spawnSync } from 'node:child_process';
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Fleet, sshOptions } from '../fleet.ts';
import { say } from '../say.ts';
import { runTool, type Tool } from '../tool.ts';
import { BINARY } from '../work.ts';

const PLAYBOOK = fileURLToPath(new URL('./ansible.yml', import.meta.url));

/** ansible-core of Debian with what makes it fast: pipelining, kept connections, no search for an interpreter. */
export function ansible(fleet: Fleet, dir: string, batch: 1 | 'all'): Tool {
  install();
  const home = mkdtempSync(join(dir, 'ansible-'));
  const config = join(home, 'ansible.cfg');
  const inventory = join(home, 'inventory.json');
  writeFileSync(config, settings(fleet, home));
  writeFileSync(
    inventory,
    JSON.stringify({
      all: {
        children: {
          edge: { hosts: Object.fromEntries(fleet.hosts.map((h) => [h.name, { ansible_host: h.address }])) },
        },
      },
    }),
  );
  const stat = statSync(BINARY);
  return {
    name: batch === 1 ? 'ansible, serial 1' : 'ansible, all at once',
    note: 'ansible-core of Debian, pipelining, ControlPersist, no facts',
    pace: 'slow',
    roll: (work) =>
      runTool(
        'ansible-playbook',
        [
          ...[
            '-i',
            inventory,
            '-e',
            `batch=${batch === 1 ? 1 : fleet.hosts.length}`,
            '-e',
            `binary=${BINARY}`,
          ],
          ...[
            '-e',
            `binary_id=${stat.size}-${Math.floor(stat.mtimeMs / 1_000)}`,
            '-e',
            `files=${work.files}`,
          ],
          ...['-e', `release=${work.release}`, PLAYBOOK],
        ],
        {
          cwd: home,
          env: { ANSIBLE_CONFIG: config, ANSIBLE_HOME: home },
          meter: fleet.meter,
          log: join(dir, `ansible-${batch}-${work.series}.log`),
        },
      ),
    rest: async () => {
      for (const host of fleet.hosts)
        spawnSync('ssh', ['-O', 'exit', '-o', `ControlPath=${home}/%C`, '-l', 'root', host.address], {
          stdio: 'ignore',
        });
    },
  };
}

function settings(fleet: Fleet, home: string): string {
  const args = ['ControlMaster=auto', 'ControlPersist=60s', ...sshOptions(fleet.knownHosts)];
  return [
    '[defaults]',
    `forks = ${fleet.hosts.length}`,
    'remote_user = root',
    `private_key_file = ${fleet.key}`,
    'interpreter_python = /usr/bin/python3',
    'gathering = explicit',
    'retry_files_enabled = false',
    '[ssh_connection]',
    'pipelining = true',
    `control_path = ${home}/%%C`,
    `ssh_args = ${args.map((a) => `-o ${a}`).join(' ')}`,
    '',
  ].join('\n');
}

function install(): void {
  if (spawnSync('ansible-playbook', ['--version']).status === 0) return;
  say('installing ansible-core');
  const done = spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'ansible-core'], {
    stdio: 'ignore',
  });
  if (done.status !== 0) throw new Error('ansible-core could not be installed; try: apt-get update');
}
