import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { createGroups, machineRunsSystemd } from './cgroup.ts';
import { hostProcesses } from './host-process.ts';
import type { LabHost } from './lab-state.ts';
import { mountHost } from './mounts.ts';
import { bridgeName } from './network.ts';
import { powerCut } from './power.ts';
import { waitReady } from './ready.ts';

export const BOOT_LIMIT_MS = 90_000;
const RECORD_POLL_MS = 5;

// Records itself before it starts anything, so that no crash of pdeploy leaves a host nobody knows. 133 is how
// nspawn says that the host asked to be rebooted.
const SUPERVISOR = `#!/bin/sh
pid_file=$1 link=$2; shift 2
IFS= read -r stat </proc/$$/stat && printf '%s\\n' "$stat" >"$pid_file.new" && mv "$pid_file.new" "$pid_file" || exit 1
while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 1; shift; done
shift
while :; do
  "$@"
  [ $? -eq 133 ] || break
  ip link del "$link" 2>/dev/null
done
rm -f "$pid_file"
`;

async function nspawnCommand(host: LabHost): Promise<readonly string[]> {
  return [
    'systemd-nspawn',
    '--boot',
    '--register=no',
    ...((await machineRunsSystemd()) ? [] : ['--keep-unit']),
    `--machine=${host.machine}`,
    `--hostname=${host.name}`,
    `--network-bridge=${bridgeName(host.subnet)}`,
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    '--console=read-only',
    '-D',
    host.merged,
  ];
}

async function start(host: LabHost): Promise<void> {
  // Whatever is left of an earlier run would hold the link or the directory.
  await powerCut(host);
  const groups = await createGroups(host);
  const console = await open(host.console, 'w', 0o600);
  try {
    await rm(host.pidFile, { force: true });
    await writeFile(host.supervisor, SUPERVISOR);
    const args = [host.supervisor, host.pidFile, host.link, ...groups, '--', ...(await nspawnCommand(host))];
    const child = spawn('/bin/sh', args, {
      cwd: '/',
      detached: true,
      stdio: ['ignore', console.fd, console.fd],
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        TERM: 'dumb',
        LC_ALL: 'C',
        SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1',
      },
    });
    await once(child, 'spawn');
    while (child.exitCode === null && (await hostProcesses(host)) === undefined) await sleep(RECORD_POLL_MS);
    child.unref();
  } finally {
    await console.close();
  }
}

/**
 * Starts a host that is off and waits until it is up. A host that runs is only waited for.
 * @throws PdeployError PD6005
 */
export async function boot(host: LabHost, limitMs = BOOT_LIMIT_MS): Promise<void> {
  if ((await hostProcesses(host)) === undefined) {
    await mountHost(host);
    await start(host);
  }
  await waitReady(host, limitMs);
}
