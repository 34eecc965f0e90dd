import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { UsageError } from '../errors.ts';
import { CODE } from './codes.ts';
import { didYouMean } from './did-you-mean.ts';
import { show } from './show.ts';

/** Settings of a project, in its folder, and of a user, in `$XDG_CONFIG_HOME/pdeploy`. */
export const SETTINGS_FILE = 'pdeploy.yaml';

const FOLDER = 'inventories';
const ENDING = /\.ya?ml$/;

/** The nearest folder from `cwd` upwards that is a project of pdeploy; `undefined` when there is none. */
export async function projectDir(cwd: string): Promise<string | undefined> {
  for (const dir of upwards(cwd)) if (await isProject(dir)) return dir;
  return undefined;
}

/**
 * `prod` to the nearest `inventories/prod.yaml` (or `.yml`) upwards of `cwd`; a path stays a path. Absolute.
 * Throws UsageError, which lists what there is.
 */
export async function resolveInventoryPath(nameOrPath: string, cwd: string): Promise<string> {
  if (/[\\/]/.test(nameOrPath) || ENDING.test(nameOrPath))
    return byPath(resolve(cwd, nameOrPath), nameOrPath);
  const available = new Set<string>();
  for (const dir of upwards(cwd)) {
    const files = await inventoryFiles(join(dir, FOLDER));
    const matching = files.filter((file) => file.replace(ENDING, '') === nameOrPath);
    if (matching.length > 1) {
      const both = matching.map((file) => `${FOLDER}/${file}`).join(' and ');
      throw UsageError.of(CODE.twoInventories, `${both} have the same name`, 'remove or rename one of them');
    }
    if (matching[0] !== undefined) return join(dir, FOLDER, matching[0]);
    for (const file of files) available.add(file.replace(ENDING, ''));
  }
  throw UsageError.of(
    CODE.noInventory,
    `no inventory is called ${show(nameOrPath)}`,
    hintFor(nameOrPath, [...available]),
  );
}

/** The path as a person in the project would write it: relative to the project when it lies inside. */
export async function displayPath(file: string): Promise<string> {
  const absolute = resolve(file);
  const project = await projectDir(dirname(absolute));
  if (project === undefined) return file;
  const inside = relative(project, absolute);
  return inside.startsWith(`..${sep}`) ? file : inside;
}

async function byPath(path: string, written: string): Promise<string> {
  if (await exists(path, 'file')) return path;
  const names = (await inventoryFiles(dirname(path))).map((file) => join(dirname(written), file));
  throw UsageError.of(CODE.noInventory, `there is no file ${show(written)}`, hintFor(written, names));
}

function hintFor(wanted: string, available: readonly string[]): string {
  if (available.length === 0)
    return `make one: ${FOLDER}/${wanted.replace(/^.*[\\/]/, '').replace(ENDING, '')}.yaml`;
  const meant = didYouMean(wanted, available);
  return `${meant === undefined ? '' : `${meant} `}available: ${available.join(', ')}`;
}

async function isProject(dir: string): Promise<boolean> {
  for (const name of [FOLDER, 'playbooks', '.pdeploy'])
    if (await exists(join(dir, name), 'folder')) return true;
  if (await exists(join(dir, SETTINGS_FILE), 'file')) return true;
  return mentionsPdeploy(join(dir, 'package.json'));
}

async function mentionsPdeploy(file: string): Promise<boolean> {
  try {
    const manifest: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof manifest !== 'object' || manifest === null) return false;
    if ('name' in manifest && manifest.name === 'pdeploy') return true;
    return ['dependencies', 'devDependencies'].some((key) => {
      const list = (manifest as Record<string, unknown>)[key];
      return typeof list === 'object' && list !== null && 'pdeploy' in list;
    });
  } catch {
    return false;
  }
}

async function inventoryFiles(dir: string): Promise<readonly string[]> {
  try {
    return (await readdir(dir)).filter((file) => ENDING.test(file)).sort((a, b) => (a < b ? -1 : 1));
  } catch {
    return [];
  }
}

async function exists(path: string, kind: 'file' | 'folder'): Promise<boolean> {
  try {
    const stats = await stat(path);
    return kind === 'file' ? !stats.isDirectory() : stats.isDirectory();
  } catch {
    return false;
  }
}

function upwards(from: string): readonly string[] {
  const dirs = [resolve(from)];
  for (let dir = dirname(resolve(from)); dir !== dirs.at(-1); dir = dirname(dir)) dirs.push(dir);
  return dirs;
}
