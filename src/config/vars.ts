import type { Json, Vars } from '../model/json.ts';

export const NO_VARS: Vars = new Map();

/** A later layer replaces a variable of an earlier one whole; nothing is merged inside a value. */
export function mergeVars(...layers: readonly Vars[]): Vars {
  const merged = new Map<string, Json>();
  for (const layer of layers) for (const [name, value] of layer) merged.set(name, value);
  return merged;
}

const seen = new WeakMap<object, Vars>();

/** Variables as written in a file. The same mapping gives the same Map: a group's is asked for once a host. */
export function varsOf(raw: { readonly [name: string]: Json } | null | undefined): Vars {
  if (raw === null || raw === undefined) return NO_VARS;
  const vars = seen.get(raw) ?? new Map(Object.entries(raw));
  seen.set(raw, vars);
  return vars;
}
