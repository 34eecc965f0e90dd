import { homedir, userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Problem } from '../errors.ts';
import type { Vars } from '../model/json.ts';
import type { InventoryResult } from './parse.ts';
import { displayPath } from './project.ts';
import { readTextFile } from './text-file.ts';
import { NO_VARS } from './vars.ts';

export type LoadOptions = {
  /** Variables of the command line; they win over everything in the file. */
  readonly extraVars?: Vars;
  /** Decides which cordons have ended; default: the clock. */
  readonly now?: Date;
};

/**
 * Reads an inventory file. Never throws for anything a file can hold: all problems come back at once.
 *
 * @example
 * const result = await loadInventory(await resolveInventoryPath('prod', process.cwd()));
 * if (!result.ok) throw new UsageError(result.problems);
 */
export async function loadInventory(file: string, options: LoadOptions = {}): Promise<InventoryResult> {
  const shown = await displayPath(file);
  // The parsers take longer to load than the file to read.
  const [{ parseInventory }, text] = await Promise.all([import('./parse.ts'), readTextFile(file, shown)]);
  if (!text.ok) return { ok: false, problems: [text.problem] satisfies Problem[] };
  return parseInventory(text.text, shown, {
    extraVars: options.extraVars ?? NO_VARS,
    now: options.now ?? new Date(),
    home: homedir(),
    user: loginName(),
    dir: dirname(resolve(file)),
  });
}

function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id without a name; ssh then has none to offer either.
    return process.env.USER ?? 'root';
  }
}
