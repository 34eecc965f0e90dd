import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import pLimit from 'p-limit';

import { groupPids, removeGroups } from './cgroup.ts';
import { LAB_CODE, labBroken } from './errors.ts';
import { removeInventory } from './inventory-file.ts';
import { findLab, type Lab, machinePrefix } from './lab-state.ts';
import { withLock } from './lock.ts';
import { checkMachine } from './machine.ts';
import { mountsBelow, unmountBelow } from './mounts.ts';
import { labBridges, linksNamed, removeBridges, removeLink } from './network.ts';
import { type LabPaths, labPaths } from './paths.ts';
import { powerCut, waitGone } from './power.ts';
import { type ProcessId, processAt, signalProcess } from './process-id.ts';

export type DownResult = {
  /** Hosts that were ended; 0 when there was no such lab. */
  readonly hosts: number;
};

const KILLS_AT_ONCE = 16;
const NSPAWN = '/run/systemd/nspawn';

/** Processes that were started on a directory of the lab, found by their own command line. */
async function processesUsing(paths: LabPaths): Promise<readonly ProcessId[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
      const ours =
        words.includes('systemd-nspawn') && words.some((word) => word.startsWith(`${paths.hosts}/`));
      return ours ? processAt(pid) : undefined;
    }),
  );
  return found.filter((id) => id !== undefined);
}

/** Ends what the record does not know of: the rest of an `up` or a `down` that was killed half way. */
async function killStrays(paths: LabPaths): Promise<void> {
  const grouped = await Promise.all((await groupPids(paths.id)).map(processAt));
  const strays = [...(await processesUsing(paths)), ...grouped.filter((id) => id !== undefined)];
  for (const stray of strays) await signalProcess(stray, 'SIGKILL');
  await waitGone(strays, 10_000);
}

async function removeNetwork(paths: LabPaths): Promise<void> {
  for (const link of await linksNamed(`vb-${machinePrefix(paths.id)}`)) await removeLink(link);
  await removeBridges(paths.id);
}

/** Removes what nspawn itself leaves when it is killed; the locks are named after the directories. */
async function removeNspawnFiles(paths: LabPaths): Promise<void> {
  for (const root of await mountsBelow(paths.dir)) {
    const { dev, ino } = await stat(root);
    await rm(join(NSPAWN, 'locks', `inode-${dev}:${ino}`), { force: true });
  }
  const entries = await readdir(join(NSPAWN, 'propagate')).catch(() => []);
  for (const entry of entries.filter((name) => name.startsWith(machinePrefix(paths.id)))) {
    await rmdir(join(NSPAWN, 'propagate', entry)).catch(() => undefined);
  }
}

/** What of a lab still exists, one line each; empty after `down`. */
export async function leftovers(name: string): Promise<readonly string[]> {
  const paths = labPaths(name);
  const [processes, grouped, mounts, links, bridges] = await Promise.all([
    processesUsing(paths),
    groupPids(paths.id),
    mountsBelow(paths.dir),
    linksNamed(`vb-${machinePrefix(paths.id)}`),
    labBridges(paths.id),
  ]);
  return [
    ...new Set([...processes.map((id) => id.pid), ...grouped].map((pid) => `process ${pid}`)),
    ...mounts.map((mount) => `mount ${mount}`),
    ...[...links, ...bridges].map((link) => `link ${link}`),
  ];
}

async function end(lab: Lab | undefined, paths: LabPaths, name: string): Promise<void> {
  const limit = pLimit(KILLS_AT_ONCE);
  await Promise.all((lab?.hosts ?? []).map((host) => limit(() => powerCut(host))));
  await killStrays(paths);
  await removeNetwork(paths);
  await removeNspawnFiles(paths);
  await unmountBelow(paths.dir);
  await removeGroups(paths.id);
  const left = await leftovers(name);
  if (left.length > 0) {
    throw labBroken(
      LAB_CODE.leftovers,
      `Lab "${name}" could not be ended whole. Left: ${left.join(', ')}.`,
      'Run the command again.',
    );
  }
  for (const inventory of lab?.record.inventories ?? []) await removeInventory(inventory);
  await rm(paths.dir, { recursive: true, force: true });
}

/**
 * Ends a lab and removes every trace but the cached base image. Works on a lab that is half up, half down or gone.
 * @throws PdeployError PD60xx
 */
export async function down(name: string): Promise<DownResult> {
  checkMachine();
  const paths = labPaths(name);
  return withLock(paths.id, name, async () => {
    // A record that cannot be read does not keep a lab alive: what it started is found without it.
    const lab = await findLab(name).catch(() => undefined);
    const hosts = (await readdir(paths.hosts).catch(() => [])).length;
    await end(lab, paths, name);
    return { hosts };
  });
}
