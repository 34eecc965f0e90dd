import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readAge, SECRETS_FOLDER } from './files.ts';
import { leaves, readTree } from './tree.ts';
import type { Surroundings, Wanted } from './wanted.ts';

/** A name in the file of an inventory that nobody asks for. */
export type Unused = { readonly file: string; readonly names: readonly string[] };

/**
 * What the file of an inventory has and nothing of `wanted` names. The file of all is for other inventories too, so nothing can be
 * said of it.
 */
export async function unusedNames(wanted: readonly Wanted[], around: Surroundings): Promise<Unused> {
  const file = `${SECRETS_FOLDER}/${around.inventory}.yaml.age`;
  const none = { file, names: [] };
  if (!existsSync(join(around.project, file))) return none;
  const plain = await readAge(file, around);
  const tree = typeof plain === 'string' ? readTree(plain, file) : undefined;
  if (tree?.kind !== 'tree') return none;
  const asked = new Set(
    wanted.flatMap(({ source }) => {
      if (source.kind === 'named') return [source.name];
      return source.kind === 'age' && join(source.file) === file ? [source.key] : [];
    }),
  );
  return { file, names: leaves(tree.value).flatMap(([name]) => (asked.has(name) ? [] : [name])) };
}
