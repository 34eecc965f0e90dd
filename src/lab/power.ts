import { setTimeout as sleep } from 'node:timers/promises';

import { groupPids, removeGroups } from './cgroup.ts';
import { LAB_CODE, labBroken } from './errors.ts';
import { hostProcesses } from './host-process.ts';
import type { LabHost } from './lab-state.ts';
import { removeLink } from './network.ts';
import { isAlive, type ProcessId, processAt, signalProcess } from './process-id.ts';
import { run } from './run.ts';

/** How systemd is asked to power off: SIGRTMIN+4 (systemd(1)). */
const SIGNAL_POWER_OFF = 34 + 4;
const NSPAWN_LIMIT_MS = 3_000;
const END_LIMIT_MS = 10_000;

async function present(pids: readonly number[]): Promise<readonly ProcessId[]> {
  return (await Promise.all(pids.map(processAt))).filter((id) => id !== undefined);
}

/** Every process of the host that the machine still sees. */
async function everyProcess(host: LabHost): Promise<readonly ProcessId[]> {
  const running = await hostProcesses(host);
  const known = [running?.supervisor, running?.init, running?.nspawn].filter((id) => id !== undefined);
  return [...known, ...(await present(await groupPids(host.labId, host.name)))];
}

async function kill(victims: readonly ProcessId[]): Promise<void> {
  for (const victim of victims) await signalProcess(victim, 'SIGKILL');
}

/** Waits until none of the processes is left; false when the limit passes. */
export async function waitGone(ids: readonly ProcessId[], limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const alive = await Promise.all(ids.map(isAlive));
    if (!alive.includes(true)) return true;
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
}

async function cleanUp(host: LabHost): Promise<void> {
  await removeLink(host.link);
  await removeGroups(host.labId, host.name);
}

/**
 * Cuts the power: every process of the host is killed at once, and its peers hear nothing of it (no FIN, no RST).
 * What was written to its disk stays; /run and /tmp do not. Nothing happens when the host is off.
 * @throws PdeployError PD6012 when a process does not end.
 */
export async function powerCut(host: LabHost): Promise<void> {
  await run('ip', ['link', 'set', host.link, 'down']);
  const running = await hostProcesses(host);
  // The one that would start the host again goes first. nspawn ends by itself with the host and removes its lock.
  await kill([running?.supervisor, running?.init].filter((id) => id !== undefined));
  if (running?.init !== undefined && running.nspawn !== undefined)
    await waitGone([running.nspawn], NSPAWN_LIMIT_MS);
  const rest = await everyProcess(host);
  await kill(rest);
  if (!(await waitGone(rest, END_LIMIT_MS))) {
    throw labBroken(LAB_CODE.leftovers, `${host.name} does not end: a process of it cannot be killed.`);
  }
  await cleanUp(host);
}

/**
 * Shuts a host down in order, as its power button would. Nothing happens when the host is off.
 * @throws PdeployError PD6012 when it takes longer than the limit.
 */
export async function shutdown(host: LabHost, limitMs = 100_000): Promise<void> {
  const running = await hostProcesses(host);
  if (running === undefined) return;
  if (running.init === undefined) return powerCut(host);
  await signalProcess(running.init, SIGNAL_POWER_OFF);
  if (!(await waitGone([running.supervisor, running.init], limitMs))) {
    throw labBroken(
      LAB_CODE.leftovers,
      `${host.name} did not shut down within ${Math.round(limitMs / 1_000)} s.`,
      `Cut its power: pdeploy lab power-cut ${host.name} --name ${host.lab}`,
    );
  }
  await cleanUp(host);
}
