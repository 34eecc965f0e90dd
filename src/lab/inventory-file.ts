import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { LAB_CODE, labRefused } from './errors.ts';
import type { Lab } from './lab-state.ts';

const FIRST_LINE = '# Written by pdeploy lab up. Changes are lost.';
const FIRST_PORT = 6188;

/** What stands at a path: nothing, a file of a lab, or somebody's own. */
async function standing(path: string): Promise<'nothing' | 'lab' | 'foreign'> {
  try {
    const text = await readFile(path, 'utf8');
    return text.split('\n', 1)[0] === FIRST_LINE ? 'lab' : 'foreign';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'nothing';
    throw error;
  }
}

/** @throws RefusedError PD6007 when the file is there and no lab wrote it. */
export async function checkInventoryFile(path: string): Promise<void> {
  if ((await standing(path)) !== 'foreign') return;
  throw labRefused(
    LAB_CODE.foreignInventory,
    `${path} was not written by the lab, so it is left alone.`,
    'Name another file with --inventory-file.',
  );
}

// JSON strings are YAML strings; a path may hold a space or a colon.
const quoted = (text: string) => JSON.stringify(text);

function instanceLine(number: number): string {
  const port = FIRST_PORT + 10 * (number - 1);
  return `      "${number}": { port: ${port}, admin_port: ${port + 2}, metrics_port: ${port + 4} }`;
}

/** Host names by what stands before their number: one group and one service each. */
function groups(lab: Lab): ReadonlyMap<string, readonly string[]> {
  return Map.groupBy(
    lab.hosts.map((host) => host.name),
    (name) => name.slice(0, name.lastIndexOf('-')),
  );
}

/** The inventory of a lab, as YAML text. */
export function inventoryText(lab: Lab): string {
  const instances = Array.from({ length: lab.record.instances }, (_, i) => instanceLine(i + 1));
  const paths = `identity: ${quoted(lab.paths.key)}, known_hosts: ${quoted(lab.paths.knownHosts)}`;
  const byPrefix = groups(lab);
  return [
    FIRST_LINE,
    `defaults: { user: root, port: 22, ${paths} }`,
    'groups:',
    ...Array.from(byPrefix, ([prefix, names]) => `  ${prefix}: { hosts: [${names.join(', ')}] }`),
    'hosts:',
    ...lab.hosts.map(
      (host) => `  ${host.name}: { address: ${host.address}, zone: ${host.zone}, region: lab }`,
    ),
    'services:',
    ...[...byPrefix.keys()].flatMap((prefix) => [
      `  ${prefix}:`,
      `    on: ${prefix}`,
      '    instances:',
      ...instances,
    ]),
    '',
  ].join('\n');
}

/** @throws RefusedError PD6007 */
export async function writeInventory(lab: Lab, path: string): Promise<void> {
  await checkInventoryFile(path);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.new`;
  await writeFile(draft, inventoryText(lab));
  await rename(draft, path);
}

/** Removes an inventory that points to hosts which are no more, if it is still the lab's. */
export async function removeInventory(path: string): Promise<void> {
  if ((await standing(path)) === 'lab') await rm(path, { force: true });
}
