import { readFile } from 'node:fs/promises';

import pLimit from 'p-limit';

import { isCut } from './faults.ts';
import { hostProcesses } from './host-process.ts';
import { type Lab, type LabHost, readLab } from './lab-state.ts';
import type { ProcessId } from './process-id.ts';
import { hasBooted } from './ready.ts';

export type HostStatus = {
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly state: 'running' | 'booting' | 'dead';
  readonly network: 'up' | 'cut' | 'none';
  /** The host's PID 1 as this machine sees it. */
  readonly pid: number | null;
  readonly uptimeSeconds: number | null;
};

export type LabStatus = { readonly lab: Lab; readonly hosts: readonly HostStatus[] };

const TICKS_PER_SECOND = 100;
const ANSWER_LIMIT_MS = 2_000;

async function uptime(init: ProcessId): Promise<number> {
  const machine = Number.parseFloat(await readFile('/proc/uptime', 'utf8'));
  return Math.max(0, Math.round(machine - init.start / TICKS_PER_SECOND));
}

async function hostStatus(host: LabHost): Promise<HostStatus> {
  const { name, address, zone } = host;
  const running = await hostProcesses(host);
  if (running === undefined)
    return { name, address, zone, state: 'dead', network: 'none', pid: null, uptimeSeconds: null };
  const network = (await isCut(host)) ? 'cut' : 'up';
  const { init } = running;
  if (init === undefined)
    return { name, address, zone, state: 'booting', network, pid: null, uptimeSeconds: null };
  const state = (await hasBooted(host, ANSWER_LIMIT_MS, false)) ? 'running' : 'booting';
  return { name, address, zone, state, network, pid: init.pid, uptimeSeconds: await uptime(init) };
}

/** @throws RefusedError PD6008 when there is no such lab. */
export async function status(name: string): Promise<LabStatus> {
  const lab = await readLab(name);
  const limit = pLimit(8);
  return { lab, hosts: await Promise.all(lab.hosts.map((host) => limit(() => hostStatus(host)))) };
}
