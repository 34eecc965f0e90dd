import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addressIn } from './address.ts';
import { LAB_CODE, labBroken, labRefused } from './errors.ts';
import { type LabPaths, labPaths, stateDirectory } from './paths.ts';

/** What is written to lab.json. `slot` is the last number of the address. `base` stays what the host began with. */
export type HostRecord = {
  readonly name: string;
  readonly slot: number;
  readonly zone: string;
  readonly base: string;
};

export type LabRecord = {
  readonly version: 1;
  readonly name: string;
  /** Which /24 of 198.18.0.0/15, 0 to 511. */
  readonly subnet: number;
  readonly instances: number;
  readonly inventories: readonly string[];
  readonly hosts: readonly HostRecord[];
};

/** One host of a lab: all its names, nothing about whether it runs. */
export type LabHost = HostRecord & {
  readonly lab: string;
  readonly labId: string;
  readonly address: string;
  readonly subnet: number;
  /** The name nspawn knows it by; unique on the machine. */
  readonly machine: string;
  /** Its network link on the machine's side. */
  readonly link: string;
  readonly dir: string;
  readonly upper: string;
  readonly work: string;
  readonly merged: string;
  readonly pidFile: string;
  readonly console: string;
  readonly supervisor: string;
};

export type Lab = {
  readonly name: string;
  readonly paths: LabPaths;
  readonly record: LabRecord;
  readonly hosts: readonly LabHost[];
};

/** A machine name is cut to 12 characters in its link's name, so this one stays below. */
export function machinePrefix(labId: string): string {
  return `p${labId.slice(0, 6)}-`;
}

function toHost(paths: LabPaths, record: LabRecord, host: HostRecord): LabHost {
  const dir = join(paths.hosts, host.name);
  const machine = `${machinePrefix(paths.id)}${host.slot}`;
  return {
    ...host,
    lab: record.name,
    labId: paths.id,
    subnet: record.subnet,
    address: addressIn(record.subnet, host.slot),
    machine,
    link: `vb-${machine}`,
    dir,
    upper: join(dir, 'upper'),
    work: join(dir, 'work'),
    merged: join(dir, 'merged'),
    pidFile: join(dir, 'pid'),
    console: join(dir, 'console.log'),
    supervisor: join(dir, 'supervise.sh'),
  };
}

export function labFrom(record: LabRecord): Lab {
  const paths = labPaths(record.name);
  return { name: record.name, paths, record, hosts: record.hosts.map((host) => toHost(paths, record, host)) };
}

/** The lab's record, or `undefined` when there is none. */
export async function findLab(name: string): Promise<Lab | undefined> {
  const path = labPaths(name).record;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const record = JSON.parse(text) as LabRecord;
    if (record.version === 1 && record.name === name) return labFrom(record);
  } catch {
    // Reported below like any other record that this version cannot use.
  }
  throw labBroken(
    LAB_CODE.leftovers,
    `${path} cannot be read.`,
    `End the lab with: pdeploy lab down --name ${name}`,
  );
}

/** @throws RefusedError PD6008 when there is no such lab. */
export async function readLab(name: string): Promise<Lab> {
  const lab = await findLab(name);
  if (lab !== undefined) return lab;
  const others = await readdir(stateDirectory()).catch(() => []);
  const known = others.length === 0 ? 'There are no labs.' : `There are: ${others.join(', ')}.`;
  throw labRefused(
    LAB_CODE.unknown,
    `There is no lab "${name}". ${known}`,
    'Start one with: pdeploy lab up --hosts 3',
  );
}

/** @throws RefusedError PD6008 when the lab or the host does not exist. */
export async function labHost(labName: string, hostName: string): Promise<LabHost> {
  const lab = await readLab(labName);
  const host = lab.hosts.find((candidate) => candidate.name === hostName);
  if (host !== undefined) return host;
  const names = lab.hosts.map((candidate) => candidate.name).join(', ');
  throw labRefused(
    LAB_CODE.unknown,
    `Lab "${labName}" has no host "${hostName}".`,
    `Its hosts are: ${names}.`,
  );
}

export async function writeLab(record: LabRecord): Promise<Lab> {
  const lab = labFrom(record);
  await mkdir(lab.paths.hosts, { recursive: true, mode: 0o700 });
  const draft = `${lab.paths.record}.new`;
  await writeFile(draft, `${JSON.stringify(record, null, 2)}\n`);
  await rename(draft, lab.paths.record);
  return lab;
}
