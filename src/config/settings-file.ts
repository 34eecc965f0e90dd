import type { Problem } from '../errors.ts';
import { settingsSchema } from './schema.ts';
import { checkShape } from './shape.ts';
import { readYaml } from './yaml/read.ts';

export type Settings = {
  /** Inventory to use when none is named. */
  readonly inventory?: string;
  /** Hosts prepared at once. */
  readonly forks?: number;
  /** Folder of the state, absolute. */
  readonly state?: string;
};

type Parsed =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The text of a `pdeploy.yaml`. An empty file sets nothing. */
export function parseSettings(text: string, file: string): Parsed {
  const read = readYaml(text, file);
  if (!read.ok) return read;
  if (read.value === null && read.problems.count() === 0) return { ok: true, settings: {} };
  const { value } = checkShape(settingsSchema, read, 'the settings');
  if (value === undefined || read.problems.count() > 0) return { ok: false, problems: read.problems.list() };
  const { inventory, forks, state } = value;
  const settings = {
    ...(inventory === undefined ? {} : { inventory }),
    ...(forks === undefined ? {} : { forks }),
    ...(state === undefined ? {} : { state }),
  };
  return { ok: true, settings };
}
