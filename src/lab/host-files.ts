import { randomBytes } from 'node:crypto';
import { access, chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { addressIn } from './address.ts';
import type { LabHost } from './lab-state.ts';
import { mustRun } from './run.ts';

const DEPLOY_UID = 1000;

// It sorts before Debian's 80-container-host0.network, which would wait for DHCP. A link that is cut must not
// take the address away: a switch that fails does not either.
function networkFile(host: LabHost): string {
  return `[Match]
Name=host0

[Network]
Address=${host.address}/24
Gateway=${addressIn(host.subnet, 1)}
LinkLocalAddressing=no
IPv6AcceptRA=no
ConfigureWithoutCarrier=yes
IgnoreCarrierLoss=yes
`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function hostKey(host: LabHost): string {
  return join(host.merged, 'etc/ssh/ssh_host_ed25519_key');
}

async function authorize(home: string, uid: number, publicKey: string): Promise<void> {
  const dir = join(home, '.ssh');
  const file = join(dir, 'authorized_keys');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeFile(file, publicKey, { mode: 0o600 });
  await chmod(dir, 0o700);
  for (const path of [dir, file]) await chown(path, uid, uid);
}

/** Writes what makes a host this host, into its mounted file system. What a host got once it keeps. */
export async function writeHostFiles(host: LabHost, publicKey: string): Promise<void> {
  const etc = join(host.merged, 'etc');
  await writeFile(join(etc, 'systemd/network/10-host0.network'), networkFile(host), { mode: 0o644 });
  if (await exists(hostKey(host))) return;
  await writeFile(join(etc, 'hostname'), `${host.name}\n`);
  await writeFile(join(etc, 'hosts'), `127.0.0.1 localhost\n127.0.1.1 ${host.name}\n`);
  // With an id of its own the host does not take this for its first boot, which would turn disabled units on again.
  await writeFile(join(etc, 'machine-id'), `${randomBytes(16).toString('hex')}\n`, { mode: 0o444 });
  await authorize(join(host.merged, 'root'), 0, publicKey);
  await authorize(join(host.merged, 'home/deploy'), DEPLOY_UID, publicKey);
  await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', host.name, '-f', hostKey(host)]);
}

/** The line that a known_hosts file needs for a host. */
export async function knownHostsLine(host: LabHost): Promise<string> {
  const [type, key] = (await readFile(`${hostKey(host)}.pub`, 'utf8')).split(' ');
  return `${host.name},${host.address} ${type} ${key}\n`;
}
