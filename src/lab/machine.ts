import { readFile, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';

import { LAB_CODE, labRefused } from './errors.ts';

const INOTIFY = '/proc/sys/fs/inotify/max_user_instances';
/** Each systemd needs several; with the kernel's 128 the 34th host does not boot. */
const INOTIFY_NEEDED = 8192;

/** @throws RefusedError PD6001 or PD6002 */
export function checkMachine(): void {
  if (platform() !== 'linux') {
    throw labRefused(
      LAB_CODE.notLinux,
      'The lab runs systemd hosts in containers, which needs Linux.',
      'Run it in a Linux virtual machine.',
    );
  }
  if (process.getuid?.() !== 0) {
    throw labRefused(
      LAB_CODE.notRoot,
      'The lab starts containers and makes a network bridge, which needs root.',
      'Run the command with sudo -E, as root.',
    );
  }
}

/** Raises the kernel's limit on inotify instances; it stays until the machine restarts. */
export async function raiseInotifyLimit(progress: (line: string) => void): Promise<void> {
  const now = Number(await readFile(INOTIFY, 'utf8'));
  if (now >= INOTIFY_NEEDED) return;
  await writeFile(INOTIFY, String(INOTIFY_NEEDED));
  progress(
    `raised fs.inotify.max_user_instances from ${now} to ${INOTIFY_NEEDED}, until the machine restarts`,
  );
}
