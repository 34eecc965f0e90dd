import { readYaml } from '../../config/yaml/read.ts';
import type { Path, Side, Source } from '../../config/yaml/source.ts';
import type { Problem } from '../../errors.ts';
import type { Json } from '../../model/json.ts';
import type { Spot } from './finding.ts';

/** A server configuration that was read. */
export type ConfFile = {
  readonly file: string;
  readonly source: Source;
  readonly values: { readonly [key: string]: Json };
  /** Addresses that it is known to listen on; else they are looked for in the values. */
  readonly listeners?: readonly string[];
};

export type ReadConf =
  | { readonly ok: true; readonly conf: ConfFile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads YAML, or JSON, which is YAML too. */
export function readConf(text: string, file: string): ReadConf {
  const read = readYaml(text, file);
  if (!read.ok) return read;
  if (read.problems.count() > 0) return { ok: false, problems: read.problems.list() };
  const { value, source } = read;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return {
      ok: false,
      problems: [
        source.problem(
          'PD2600',
          'a server configuration is a mapping of keys',
          { path: [] },
          'write version: 1',
        ),
      ],
    };
  return { ok: true, conf: { file, source, values: value as ConfFile['values'] } };
}

/** Where a value of a configuration stands, or its key. */
export function spotIn(conf: ConfFile, path: Path, side: Side = 'value'): Spot {
  const { at, excerpt = '', path: dotted } = conf.source.problem('', '', { path, side });
  if (at === undefined) throw new Error('a place in a file has a position');
  return { at, excerpt, ...(dotted === undefined ? {} : { path: dotted }) };
}

/** Where to say that something is missing: its first line. */
export function topOf(conf: ConfFile): Spot {
  const first = conf.source.keys([])[0];
  const { at, excerpt } = spotIn(conf, first === undefined ? [] : [first], 'key');
  return { at, excerpt };
}

export function has(conf: ConfFile, key: string): boolean {
  return Object.hasOwn(conf.values, key);
}

/** The whole number of a key, or what holds without it. */
export function numberOf(conf: ConfFile, key: string, otherwise: number): number {
  const value = has(conf, key) ? conf.values[key] : undefined;
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : otherwise;
}
