import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { LAB_CODE, labRefused } from './errors.ts';
import { run } from './run.ts';

/** What `lab` runs, and the Debian package that has it. */
const NEEDED: ReadonlyMap<string, string> = new Map([
  ['systemd-nspawn', 'systemd-container'],
  ['mmdebstrap', 'mmdebstrap'],
  ['ssh', 'openssh-client'],
  ['ssh-keygen', 'openssh-client'],
  ['ip', 'iproute2'],
  ['nft', 'nftables'],
  ['nsenter', 'util-linux'],
  ['setsid', 'util-linux'],
  ['mount', 'mount'],
  ['zstd', 'zstd'],
]);

const DEBIAN_KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';
const INSTALL_LIMIT_MS = 10 * 60_000;

async function isProgram(name: string): Promise<boolean> {
  const path = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const found = await Promise.all(
    path.map((dir) =>
      access(join(dir, name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** Debian packages whose programs are not on this machine, sorted. */
export async function missingPackages(): Promise<readonly string[]> {
  const programs = [...NEEDED];
  const present = await Promise.all(programs.map(([name]) => isProgram(name)));
  const missing = new Set(programs.filter((_, i) => !present[i]).map(([, name]) => name));
  await access(DEBIAN_KEYS).catch(() => missing.add('debian-archive-keyring'));
  return [...missing].sort((a, b) => (a < b ? -1 : 1));
}

/**
 * Installs what is missing; must be root.
 * @throws RefusedError PD6003
 */
export async function ensurePackages(progress: (line: string) => void): Promise<void> {
  const missing = await missingPackages();
  if (missing.length === 0) return;
  const list = missing.join(' ');
  const byHand = `Install them by hand: apt-get update && apt-get install ${list}`;
  if (!(await isProgram('apt-get'))) {
    throw labRefused(
      LAB_CODE.packages,
      `The lab needs the packages ${list}, and this machine has no apt-get.`,
      'Install what they contain by hand.',
    );
  }
  progress(`installing Debian packages: ${list}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['-q', 'update'], { env, timeoutMs: INSTALL_LIMIT_MS });
  const args = ['-q', '-y', '--no-install-recommends', 'install', ...missing];
  const done = await run('apt-get', args, { env, timeoutMs: INSTALL_LIMIT_MS });
  if (done.code !== 0) {
    const said = done.stderr.trim().split('\n').slice(-2).join('\n');
    throw labRefused(LAB_CODE.packages, `apt-get could not install ${list}: ${said}`, byHand);
  }
}
