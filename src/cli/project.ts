import { loadInventory } from '../config/load.ts';
import { projectDir, resolveInventoryPath } from '../config/project.ts';
import { loadSettings } from '../config/settings.ts';
import type { Settings } from '../config/settings-file.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../model/host.ts';
import type { Inventory } from '../model/inventory.ts';
import { stateDirectory } from '../state/directory.ts';
import { openState } from '../state/open.ts';
import type { StateStore } from '../state/port.ts';
import { type Args, text, texts } from './args.ts';
import { out } from './io.ts';

/** The state of the project that a command is used in. Close it when done. */
export async function openProjectState(
  cwd: string,
): Promise<{ readonly project: string; readonly state: StateStore }> {
  const { project, directory } = await projectState(cwd);
  return { project, state: openState(directory) };
}

/** The project that a command is used in, and where its record is. */
export async function projectState(
  cwd: string,
): Promise<{ readonly project: string; readonly directory: string }> {
  const project = (await projectDir(cwd)) ?? cwd;
  const { state } = await settingsOf(cwd);
  return { project, directory: state ?? stateDirectory(project) };
}

export type Project = {
  readonly project: string;
  readonly inventory: Inventory;
  readonly hosts: readonly Host[];
  readonly settings: Settings;
};

/** Whether a command could be run without being asked which inventory. */
export async function knowsInventory(args: Args): Promise<boolean> {
  return (text(args, 'inventory') ?? (await settingsOf(process.cwd())).inventory) !== undefined;
}

/** The flags of a command that takes a selector as its argument too. */
export function selected(args: Args): Args {
  const selector = text(args, 'selector');
  if (selector === undefined) return args;
  if (text(args, 'limit') !== undefined)
    throw UsageError.of('PD2223', 'a selector and --limit say the same thing twice', 'leave one of them out');
  return { ...args, limit: selector };
}

/** Inventory and selection of a command. @throws UsageError with all problems at once */
export async function readProject(args: Args): Promise<Project> {
  const cwd = process.cwd();
  const project = (await projectDir(cwd)) ?? cwd;
  const settings = await settingsOf(cwd);
  const wanted = text(args, 'inventory') ?? settings.inventory;
  if (wanted === undefined)
    throw UsageError.of(
      'PD2222',
      'which inventory?',
      '-i NAME, PDEPLOY_INVENTORY, or "inventory:" in pdeploy.yaml',
    );
  const { parseExtraVars } = await import('../config/extra-vars.ts');
  const extra = await parseExtraVars(texts(args, 'var'), cwd);
  if (!extra.ok) throw new UsageError(extra.problems);
  const loaded = await loadInventory(await resolveInventoryPath(wanted, cwd), {
    extraVars: extra.vars,
    now: new Date(),
  });
  if (!loaded.ok) throw new UsageError(loaded.problems);
  for (const warning of loaded.warnings) out.err(`warning ${warning.code}: ${warning.message}`);
  const inventory = withKey(loaded.inventory, process.env.PDEPLOY_SSH_KEY);
  return { project, inventory, hosts: await limited(inventory, text(args, 'limit')), settings };
}

/** A job that systemd starts has one key, as a credential, and no other: it logs in with that everywhere. */
function withKey(inventory: Inventory, key: string | undefined): Inventory {
  if (key === undefined || key === '') return inventory;
  const identities = [key];
  const hosts = [...inventory.hosts].map(([name, host]) => {
    const jump = host.connection.jump.map((hop) => ({ ...hop, identities }));
    return [name, { ...host, connection: { ...host.connection, identities, jump } }] as const;
  });
  return { ...inventory, hosts: new Map(hosts) };
}

async function limited(inventory: Inventory, limit: string | undefined): Promise<readonly Host[]> {
  if (limit === undefined) return [...inventory.hosts.values()];
  const { selectText } = await import('../config/selector/select.ts');
  const selected = selectText(inventory, limit);
  if (!selected.ok) throw new UsageError(selected.problems);
  const { hosts, instances } = selected.selection;
  return hosts.flatMap((name) => {
    const host = inventory.hosts.get(name);
    return host === undefined ? [] : [{ ...host, instances: instances.filter((i) => i.host === name) }];
  });
}

async function settingsOf(cwd: string): Promise<Settings> {
  const loaded = await loadSettings(cwd, process.env, {});
  if (!loaded.ok) throw new UsageError(loaded.problems);
  return loaded.settings;
}
