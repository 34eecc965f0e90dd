import { sha256 } from '../util/digest.ts';
import { Secret } from '../util/secret.ts';

/** A value as plain JSON that is equal when, and only when, the steps are; secrets as digests, functions left out. */
export function comparable(value: unknown): unknown {
  if (value instanceof Secret)
    return { secret: value.name, digest: sha256(`${value.name}\0${value.reveal()}`) };
  if (value instanceof Map)
    return { map: [...value].map(([key, entry]) => [comparable(key), comparable(entry)]) };
  if (value instanceof Set) return { set: [...value].map(comparable) };
  if (value instanceof Date) return { date: value.toISOString() };
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === 'bigint') return { bigint: String(value) };
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([, entry]) => typeof entry !== 'function' && entry !== undefined,
  );
  return Object.fromEntries(entries.map(([key, entry]) => [key, comparable(entry)]));
}

/** Dotted path of the first place where two comparable values differ, with both values; `undefined` when they are equal. */
export function firstDifference(
  a: unknown,
  b: unknown,
  path: readonly string[] = [],
): { readonly path: string; readonly a: unknown; readonly b: unknown } | undefined {
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    for (const key of keys) {
      const found = firstDifference(
        (a as Record<string, unknown>)[key],
        (b as Record<string, unknown>)[key],
        [...path, key],
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return a === b ? undefined : { path: path.join('.'), a, b };
}
