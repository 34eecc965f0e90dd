import { readFile } from 'node:fs/promises';

import type { LabHost } from './lab-state.ts';
import { childrenOf, isAlive, type ProcessId, parseStat } from './process-id.ts';

/** The processes of one host that the machine sees: our loop, nspawn, and the host's own PID 1. */
export type HostProcesses = {
  readonly supervisor: ProcessId;
  readonly nspawn?: ProcessId;
  readonly init?: ProcessId;
};

async function isInit(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return /^NSpid:\t\d+\t1$/m.test(status);
}

/** What runs of a host; `undefined` when it is off. Trusts the recorded process only with its start time. */
export async function hostProcesses(host: LabHost): Promise<HostProcesses | undefined> {
  const supervisor = parseStat(await readFile(host.pidFile, 'utf8').catch(() => ''));
  if (supervisor === undefined || !(await isAlive(supervisor))) return undefined;
  for (const nspawn of await childrenOf(supervisor.pid)) {
    const children = await childrenOf(nspawn.pid);
    const inits = await Promise.all(children.map((child) => isInit(child.pid)));
    const init = children.find((_, i) => inits[i]);
    return init === undefined ? { supervisor, nspawn } : { supervisor, nspawn, init };
  }
  return { supervisor };
}
