import { chmod, mkdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { LAB_CODE, labBroken } from './errors.ts';
import type { LabHost } from './lab-state.ts';
import { run } from './run.ts';

const MOUNT_POINT_FIELD = 4;

/** All mount points at or below a directory, innermost first. */
export async function mountsBelow(dir: string): Promise<readonly string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  const points = table
    .split('\n')
    .map((line) => line.split(' ')[MOUNT_POINT_FIELD] ?? '')
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))),
    );
  return points.filter((point) => point === dir || point.startsWith(`${dir}/`)).reverse();
}

/** Puts the host's own layer on top of its base image; nothing happens when that is done already. */
export async function mountHost(host: LabHost): Promise<void> {
  for (const dir of [host.upper, host.work, host.merged]) await mkdir(dir, { recursive: true });
  if ((await mountsBelow(host.merged)).length > 0) return;
  // The upper directory's own mode becomes that of the host's root directory.
  await chmod(host.upper, 0o755);
  const layers = `lowerdir=${host.base},upperdir=${host.upper},workdir=${host.work}`;
  const mounted = await run('mount', ['-t', 'overlay', `pdeploy-lab-${host.lab}`, '-o', layers, host.merged]);
  if (mounted.code === 0) return;
  throw labBroken(
    LAB_CODE.command,
    `The file system of ${host.name} could not be mounted: ${mounted.stderr.trim()}`,
    'The lab needs overlayfs, and its state directory (XDG_STATE_HOME) must not itself be on overlayfs or NFS.',
  );
}

/** Unmounts everything at or below a directory. A mount that stays busy is detached: it ends with its last user. */
export async function unmountBelow(dir: string): Promise<void> {
  for (const point of await mountsBelow(dir)) {
    for (let attempt = 0; attempt < 20; attempt++) {
      const done = await run('umount', [point]);
      if (done.code === 0 || !(await mountsBelow(point)).includes(point)) break;
      await sleep(50);
      if (attempt === 19) await run('umount', ['--lazy', point]);
    }
  }
}
