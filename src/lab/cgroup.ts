import { access, mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { LabHost } from './lab-state.ts';

const ROOT = '/sys/fs/cgroup';

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** True where systemd is the machine's own PID 1: then nspawn gets its control group from systemd. */
export async function machineRunsSystemd(): Promise<boolean> {
  return exists('/run/systemd/system');
}

/**
 * The hierarchies a host needs a group of its own in. Without one, all hosts would share the groups of their units,
 * and stopping a unit on one host would wait for the same unit on the others.
 */
async function hierarchies(): Promise<readonly string[]> {
  if (await exists(join(ROOT, 'cgroup.procs'))) return [ROOT];
  const candidates = [join(ROOT, 'systemd'), join(ROOT, 'unified')];
  const found = await Promise.all(candidates.map((path) => exists(join(path, 'cgroup.procs'))));
  return candidates.filter((_, i) => found[i]);
}

function labGroup(hierarchy: string, labId: string): string {
  return join(hierarchy, `pdeploy-lab-${labId}`);
}

/** Makes the host's groups and gives back their directories; none where systemd does it. */
export async function createGroups(host: LabHost): Promise<readonly string[]> {
  if (await machineRunsSystemd()) return [];
  const groups = (await hierarchies()).map((path) => join(labGroup(path, host.labId), host.name));
  for (const group of groups) await mkdir(group, { recursive: true });
  return groups;
}

async function below(group: string): Promise<readonly string[]> {
  const entries = await readdir(group, { withFileTypes: true }).catch(() => []);
  const inner = await Promise.all(
    entries.filter((e) => e.isDirectory()).map((e) => below(join(group, e.name))),
  );
  return [...inner.flat(), group];
}

async function groupsOf(labId: string, host: string | undefined): Promise<readonly string[]> {
  const tops = (await hierarchies()).map((path) => join(labGroup(path, labId), host ?? ''));
  const present = await Promise.all(tops.map(exists));
  return (await Promise.all(tops.filter((_, i) => present[i]).map(below))).flat();
}

/** Numbers of all processes in the groups of a lab, or of one of its hosts. */
export async function groupPids(labId: string, host?: string): Promise<readonly number[]> {
  const groups = await groupsOf(labId, host);
  const texts = await Promise.all(
    groups.map((g) => readFile(join(g, 'cgroup.procs'), 'utf8').catch(() => '')),
  );
  const pids = texts.flatMap((text) => text.split('\n').map(Number));
  return [...new Set(pids.filter((pid) => pid > 0))];
}

/** Removes the empty groups of a lab, or of one of its hosts; children first. */
export async function removeGroups(labId: string, host?: string): Promise<void> {
  for (const group of await groupsOf(labId, host)) await rmdir(group).catch(() => undefined);
}
