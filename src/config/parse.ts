import type { Problem } from '../errors.ts';
import type { Inventory } from '../model/inventory.ts';
import { CODE } from './codes.ts';
import { collector } from './collector.ts';
import { type Surroundings, startBuild } from './inventory/build.ts';
import { normalise } from './inventory/normalise.ts';
import { inventorySchema } from './schema.ts';
import { checkShape } from './shape.ts';
import { readYaml } from './yaml/read.ts';

export type InventoryResult =
  | { readonly ok: true; readonly inventory: Inventory; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * The text of an inventory file to an Inventory, or everything that is wrong with it. Pure; `file` is only a name.
 * Loads `yaml` and `zod`: use `loadInventory` where start-up time matters.
 */
export function parseInventory(text: string, file: string, around: Surroundings): InventoryResult {
  const read = readYaml(text, file);
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

/** `prod` for `inventories/prod.yaml`. */
function nameOf(file: string): string {
  return file.replace(/^.*[\\/]/, '').replace(/\.ya?ml$/, '');
}
