import type { Problem } from '../errors.ts';
import type { Inventory } from '../model/inventory.ts';
import { CODE } from './codes.ts';
import { collector } from './collector.ts';
import { type Surroundings, startBuild } from './inventory/build.ts';
import { normalise } from './inventory/normalise.ts';
import { inventorySchema } from './schema.ts';
import { checkShape } from './shape.ts';
import { readYaml } from './yaml/read.ts';
import type { Path } from './yaml/source.ts';

export type InventoryResult =
  | { readonly ok: true; readonly inventory: Inventory; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * The text of an inventory file to an Inventory, or everything that is wrong with it. Pure; `file` is only a name.
 * Loads `yaml` and `zod`: use `loadInventory` where start-up time matters.
 */
export function parseInventory(text: string, file: string, around: Surroundings): InventoryResult {
  const read = readYaml(text, file, isVariable);
  if (!read.ok) return read;
  const { problems, source } = read;
  if (read.value === null && problems.count() === 0) {
    return { ok: false, problems: [{ code: CODE.empty, message: `${file} is empty` }] };
  }
  const { value: raw, faulty } = checkShape(inventorySchema, read, 'an inventory');
  if (raw === undefined) return { ok: false, problems: problems.list() };
  const warnings = collector();
  const build = startBuild(raw, source, around, faulty, problems, warnings);
  const inventory = normalise(build, nameOf(file));
  if (inventory === undefined || problems.count() > 0) return { ok: false, problems: problems.list() };
  return { ok: true, inventory, warnings: warnings.list() };
}

/** Variables of all, of groups, hosts, services and instances: nothing else can be a secret. */
function isVariable(path: Path): boolean {
  const [top, , third] = path;
  if (top === 'vars') return path.length > 1;
  if (third === 'vars') return path.length > 3;
  return third === 'instances' && path.length > (top === 'hosts' ? 5 : 4);
}

/** `prod` for `inventories/prod.yaml`. */
function nameOf(file: string): string {
  return file.replace(/^.*[\\/]/, '').replace(/\.ya?ml$/, '');
}
