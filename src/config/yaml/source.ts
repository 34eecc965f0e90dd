import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import type { Position, Problem } from '../../errors.ts';
import { excerpt, type Span } from '../excerpt.ts';

const PATH_WIDTH = 200;

/** A place inside a document: keys and indices from the top. */
export type Path = readonly (string | number)[];

/** Whether a problem concerns the key or what stands behind it. */
export type Side = 'key' | 'value';

export type Place = {
  readonly path: Path;
  readonly side?: Side;
  /** A part of a one-line text value, in characters from its beginning. */
  readonly part?: Span;
};

/** A file that was read, with a way back from each value to where it stands. */
export type Source = {
  readonly file: string;
  readonly root: Node | null;
  /** Keys of the mapping at `path` in the order of the file. */
  readonly keys: (path: Path) => readonly string[];
  /** Line and column of what is at `path`, or of the nearest thing around it. */
  readonly at: (place: Place) => Position;
  readonly problem: (code: string, message: string, place: Place, hint?: string) => Problem;
  readonly problemAt: (code: string, message: string, span: Span, path: string, hint?: string) => Problem;
};

/** What alias nodes stand for; filled while converting. */
export type Aliases = ReadonlyMap<Node, Node>;

type Entry = { readonly key: Node | null; readonly value: Node | null };

export function openSource(text: string, file: string, root: Node | null, aliases: Aliases): Source {
  const starts = lineStarts(text);
  const pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair<unknown, unknown>>>();

  const pairOf = (map: YAMLMap, key: string) => {
    const known = pairs.get(map) ?? indexPairs(map);
    pairs.set(map, known);
    return known.get(key);
  };
  const child = (parent: Node | null, key: string | number): Entry | undefined => {
    const node = follow(parent, aliases);
    if (isSeq(node) && typeof key === 'number') {
      return key in node.items ? { key: null, value: nodeOrNull(node.items[key]) } : undefined;
    }
    const pair = isMap(node) ? pairOf(node, String(key)) : undefined;
    return pair === undefined ? undefined : { key: nodeOrNull(pair.key), value: nodeOrNull(pair.value) };
  };
  const span = ({ path, side = 'value', part }: Place): Span => {
    let entry: Entry = { key: null, value: root };
    for (const key of path) {
      const next = child(entry.value, key);
      if (next === undefined) return spanOf(text, entry.key ?? entry.value);
      entry = next;
    }
    const node = side === 'key' ? (entry.key ?? entry.value) : (entry.value ?? entry.key);
    const whole = spanOf(text, emptyValue(node) ? (entry.key ?? node) : node);
    return part === undefined ? whole : (partOf(text, whole, node, part) ?? whole);
  };
  const position = (offset: number): Position => {
    const line = lineAt(starts, offset);
    return { file, line, col: offset - (starts[line - 1] ?? 0) + 1 };
  };
  const problemAt: Source['problemAt'] = (code, message, where, path, hint) => {
    const at = position(where.start);
    return {
      code,
      message,
      at,
      ...(path === '' ? {} : { path: clip(path) }),
      excerpt: excerpt(text, where, at.line),
      ...(hint === undefined ? {} : { hint }),
    };
  };
  return {
    file,
    root,
    keys: (path) => {
      let node = root;
      for (const key of path) node = child(node, key)?.value ?? null;
      const map = follow(node, aliases);
      return isMap(map) ? map.items.map((pair) => keyText(pair.key)) : [];
    },
    at: (place) => position(span(place).start),
    problemAt,
    problem: (code, message, place, hint) => problemAt(code, message, span(place), dotted(place.path), hint),
  };
}

function clip(path: string): string {
  return path.length <= PATH_WIDTH ? path : `${path.slice(0, PATH_WIDTH - 3)}...`;
}

/** `hosts.edge-01.jump[0]` */
export function dotted(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/** The text of a key; keys are read as strings, so a missing node is an empty key. */
export function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value ?? '') : '';
}

function follow(node: Node | null, aliases: Aliases): Node | null {
  return isAlias(node) ? (aliases.get(node) ?? null) : node;
}

function nodeOrNull(value: unknown): Node | null {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value : null;
}

function indexPairs(map: YAMLMap): ReadonlyMap<string, Pair<unknown, unknown>> {
  // The first of two equal keys is the one that counts.
  return new Map(map.items.toReversed().map((pair) => [keyText(pair.key), pair]));
}

function emptyValue(node: Node | null): boolean {
  return isScalar(node) && node.range !== null && node.range !== undefined && node.range[0] === node.range[1];
}

function spanOf(text: string, node: Node | null): Span {
  const [start = 0, end = 0] = node?.range ?? [];
  return { start: Math.min(start, text.length), end: Math.max(end, start) };
}

function partOf(text: string, whole: Span, node: Node | null, part: Span): Span | undefined {
  if (!isScalar(node) || typeof node.value !== 'string') return undefined;
  const written = text.slice(whole.start, whole.end);
  const quote = written === node.value ? 0 : 1;
  if (quote === 1 && written.slice(1, -1) !== node.value) return undefined;
  return { start: whole.start + quote + part.start, end: whole.start + quote + part.end };
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
