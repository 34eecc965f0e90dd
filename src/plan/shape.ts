/** Reads a value of unknown origin as a T. @throws Mismatch */
export type Shape<T> = (value: unknown, path: string) => T;

export class Mismatch extends Error {}

function expected(what: string, path: string): Mismatch {
  return new Mismatch(`${path === '' ? 'the file' : path}: expected ${what}`);
}

export const text: Shape<string> = (value, path) => {
  if (typeof value !== 'string') throw expected('a text', path);
  return value;
};

export const flag: Shape<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw expected('true or false', path);
  return value;
};

/** A whole number, zero or more. */
export const whole: Shape<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw expected('a whole number', path);
  return value;
};

export function oneOf<const T extends string | number | boolean>(...values: readonly T[]): Shape<T> {
  return (value, path) => {
    const found = values.find((v) => v === value);
    if (found === undefined) throw expected(values.join(' or '), path);
    return found;
  };
}

export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw expected('a list', path);
    return value.map((item, n) => shape(item, `${path}[${n}]`));
  };
}

export const texts: Shape<{ readonly [key: string]: string }> = (value, path) => {
  const entries = Object.entries(asObject(value, path));
  return Object.fromEntries(entries.map(([key, item]) => [key, text(item, `${path}.${key}`)]));
};

/** An object with these keys and no others; those named in `optional` may be absent. */
export function object<T extends object>(
  fields: { readonly [K in keyof T]-?: Shape<Exclude<T[K], undefined>> },
  optional: readonly (keyof T & string)[] = [],
): Shape<T> {
  const shapes = new Map<string, Shape<unknown>>(Object.entries(fields) as [string, Shape<unknown>][]);
  return (value, path) => {
    const source = asObject(value, path);
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
    const unknown = Object.keys(source).find((key) => !shapes.has(key));
    if (unknown !== undefined) throw new Mismatch(`${at(unknown)}: unknown key`);
    const result: [string, unknown][] = [];
    for (const [key, shape] of shapes) {
      const absent = !Object.hasOwn(source, key);
      if (absent && (optional as readonly string[]).includes(key)) continue;
      if (absent) throw new Mismatch(`${at(key)}: is absent`);
      result.push([key, shape(source[key], at(key))]);
    }
    return Object.fromEntries(result) as T;
  };
}

function asObject(value: unknown, path: string): { readonly [key: string]: unknown } {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw expected('an object', path);
  return value as { readonly [key: string]: unknown };
}
