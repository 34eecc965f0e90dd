import { access, readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import pLimit from 'p-limit';

import { sha256 } from '../util/digest.ts';
import { FIRST_SLOT, LAST_SLOT, SUBNETS } from './address.ts';
import { ensureBaseImage } from './base-image.ts';
import { boot } from './boot.ts';
import { LAB_CODE, labBroken, labUsage } from './errors.ts';
import { knownHostsLine, writeHostFiles } from './host-files.ts';
import { hostProcesses } from './host-process.ts';
import { checkInventoryFile, writeInventory } from './inventory-file.ts';
import { findLab, type HostRecord, type Lab, type LabHost, type LabRecord, writeLab } from './lab-state.ts';
import { withLock } from './lock.ts';
import { checkMachine, raiseInotifyLimit } from './machine.ts';
import { mountHost } from './mounts.ts';
import { ensureBridge } from './network.ts';
import { ensurePackages } from './packages.ts';
import { checkName, labPaths } from './paths.ts';
import { hasBooted } from './ready.ts';
import { mustRun } from './run.ts';

export type UpOptions = {
  readonly name: string;
  /** How many hosts with this prefix there must be; a lab never gets smaller. */
  readonly hosts: number;
  readonly prefix: string;
  /** Instances of the service on each host, for the inventory. */
  readonly instances: number;
  /** `undefined`: no inventory is written. */
  readonly inventoryFile: string | undefined;
  readonly progress: (line: string) => void;
};

export type UpResult = { readonly lab: Lab; readonly started: number };

const BOOTS_AT_ONCE = 8;
const MAX_INSTANCES = 20;
const ANSWER_LIMIT_MS = 2_000;

function check(options: UpOptions): void {
  checkName('lab name', options.name);
  checkName('host prefix', options.prefix);
  const most = LAST_SLOT - FIRST_SLOT + 1;
  if (!Number.isInteger(options.hosts) || options.hosts < 1 || options.hosts > most) {
    throw labUsage(`The number of hosts must be 1 to ${most}.`);
  }
  if (!Number.isInteger(options.instances) || options.instances < 1 || options.instances > MAX_INSTANCES) {
    throw labUsage(`The number of instances must be 1 to ${MAX_INSTANCES}.`);
  }
}

function addHosts(have: readonly HostRecord[], options: UpOptions, base: string): readonly HostRecord[] {
  const hosts = [...have];
  for (let number = 1; number <= options.hosts; number++) {
    const name = `${options.prefix}-${String(number).padStart(2, '0')}`;
    if (hosts.some((host) => host.name === name)) continue;
    const slot = FIRST_SLOT + hosts.length;
    if (slot > LAST_SLOT) throw labUsage(`Lab "${options.name}" has no address left for ${name}.`);
    hosts.push({ name, slot, zone: number % 2 === 1 ? 'a' : 'b', base });
  }
  return hosts;
}

async function prepareRecord(options: UpOptions, base: string): Promise<Lab> {
  const paths = labPaths(options.name);
  const before = (await findLab(options.name))?.record;
  const inventories = new Set([
    ...(before?.inventories ?? []),
    ...(options.inventoryFile === undefined ? [] : [options.inventoryFile]),
  ]);
  const draft: LabRecord = {
    version: 1,
    name: options.name,
    subnet: before?.subnet ?? Number.parseInt(sha256(options.name).slice(0, 8), 16) % SUBNETS,
    instances: options.instances,
    inventories: [...inventories],
    hosts: addHosts(before?.hosts ?? [], options, base),
  };
  // Written before the bridge is made, so that `down` knows of everything that may exist.
  await writeLab(draft);
  return writeLab({ ...draft, subnet: await ensureBridge(paths.id, draft.subnet) });
}

async function ensureKey(lab: Lab): Promise<string> {
  const made = await access(lab.paths.key).then(
    () => true,
    () => false,
  );
  if (!made) {
    const comment = `pdeploy-lab-${lab.name}`;
    await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', lab.paths.key]);
  }
  return readFile(`${lab.paths.key}.pub`, 'utf8');
}

async function startHost(host: LabHost, publicKey: string): Promise<boolean> {
  const running = (await hostProcesses(host)) !== undefined;
  // Asked without its network: a host that was cut off on purpose is left alone.
  if (running && (await hasBooted(host, ANSWER_LIMIT_MS, false))) return false;
  if (!running) {
    await mountHost(host);
    await writeHostFiles(host, publicKey);
  }
  await boot(host);
  return !running;
}

async function startAll(lab: Lab, progress: UpOptions['progress']): Promise<number> {
  const publicKey = await ensureKey(lab);
  const limit = pLimit(BOOTS_AT_ONCE);
  let up = 0;
  const outcomes = await Promise.allSettled(
    lab.hosts.map((host) =>
      limit(async () => {
        const started = await startHost(host, publicKey);
        up++;
        if (started) progress(`${host.name} is up at ${host.address} (${up} of ${lab.hosts.length})`);
        return started;
      }),
    ),
  );
  const failures = outcomes
    .filter((outcome) => outcome.status === 'rejected')
    .map((outcome) => outcome.reason as unknown);
  if (failures.length > 0) {
    const said = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
    const head = `${failures.length} of ${lab.hosts.length} hosts did not come up.`;
    throw labBroken(
      LAB_CODE.hostDown,
      [head, ...said].join('\n'),
      `Run the same command again, or end the lab with: pdeploy lab down --name ${lab.name}`,
      failures[0],
    );
  }
  return outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value).length;
}

async function writeKnownHosts(lab: Lab): Promise<void> {
  const lines = await Promise.all(lab.hosts.map(knownHostsLine));
  const draft = `${lab.paths.knownHosts}.new`;
  await writeFile(draft, lines.join(''));
  await rename(draft, lab.paths.knownHosts);
}

/**
 * Brings a lab up: starts the hosts that are missing or off, leaves the others alone, and writes its inventory,
 * its key and its known_hosts.
 * @throws PdeployError PD60xx
 */
export async function up(given: UpOptions): Promise<UpResult> {
  const inventoryFile = given.inventoryFile === undefined ? undefined : resolve(given.inventoryFile);
  const options = { ...given, inventoryFile };
  check(options);
  checkMachine();
  if (inventoryFile !== undefined) await checkInventoryFile(inventoryFile);
  await ensurePackages(options.progress);
  await raiseInotifyLimit(options.progress);
  const base = await ensureBaseImage(options.progress);
  return withLock(labPaths(options.name).id, options.name, async () => {
    const lab = await prepareRecord(options, base);
    const started = await startAll(lab, options.progress);
    await writeKnownHosts(lab);
    if (inventoryFile !== undefined) await writeInventory(lab, inventoryFile);
    return { lab, started };
  });
}
