import { nearest } from '../config/did-you-mean.ts';
import { readYaml } from '../config/yaml/read.ts';
import type { Position } from '../errors.ts';
import type { Json } from '../model/json.ts';
import { type Failure, failure, type Text } from './wanted.ts';

/** The decrypted content of a file of secrets. */
export type Tree = { readonly kind: 'tree'; readonly value: Json };

/** What is wrong with the YAML, in words that tell nothing of it. */
const FAULTS: ReadonlyMap<string, string> = new Map([
  ['PD2002', 'it is too large'],
  ['PD2004', 'a control or invisible character'],
  ['PD2005', 'it is nested too deeply'],
  ['PD2009', 'a key is there twice'],
  ['PD2015', 'a number that would change: put it in quotes'],
]);

export type TreeFault = { readonly kind: 'fault'; readonly at: Position | undefined; readonly why: string };

/** Reads decrypted YAML: names and texts, nested as wanted. No line of it is ever shown. */
export function readTree(text: string, file: string): Tree | TreeFault {
  const read = readYaml(text, file);
  const problem = read.ok ? read.problems.list()[0] : read.problems[0];
  if (problem !== undefined)
    return { kind: 'fault', at: problem.at, why: FAULTS.get(problem.code) ?? 'it is not valid YAML' };
  const value = read.ok ? read.value : null;
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { kind: 'tree', value }
    : { kind: 'fault', at: undefined, why: 'it is not a mapping of names' };
}

/** Every text in a file with its dotted name; what is no text has none. */
export function leaves(value: Json, path = ''): readonly (readonly [string, Json])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`));
}

/** The text behind a dotted name. @returns undefined when there is none of that name */
export function lookUp(tree: Tree, key: string, file: string): Text | Failure | undefined {
  const found = leaves(tree.value).find(([name]) => name === key);
  if (found === undefined) return undefined;
  const [, value] = found;
  if (typeof value === 'string') return { kind: 'text', text: value };
  const why = value === null ? 'is empty' : 'is not a text: put it in quotes';
  return failure(value === null ? 'PD2144' : 'PD2142', `${key} in ${file} ${why}`);
}

export function noSuchKey(trees: readonly Tree[], key: string, where: string): Failure {
  const names = trees.flatMap((tree) => leaves(tree.value).map(([name]) => name));
  const near = nearest(key, names);
  return failure(
    'PD2141',
    `there is no ${key} in ${where}`,
    near === undefined ? undefined : `did you mean "${near}"?`,
  );
}

export function faultText(file: string, { at, why }: TreeFault): string {
  return `${file}${at === undefined ? '' : `:${at.line}:${at.col}`}: ${why}`;
}
