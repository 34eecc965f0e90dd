import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Json } from '../../model/json.ts';
import { CODE } from '../codes.ts';
import { readSecretTag, secretMark } from '../secret-tag.ts';
import { codePoint, findRiskyCharacter, harmless, show } from '../show.ts';
import { MAX_DEPTH, MAX_VALUES } from './compose.ts';
import { keyText, type Path } from './source.ts';

/** Reports what is wrong with one node. */
export type NodeFault = (code: string, message: string, node: Node, path: Path, hint?: string) => void;

type Converted = {
  readonly value: Json;
  /** Values in it, aliases counted as often as they are used. */
  readonly size: number;
  readonly height: number;
};

export type Conversion = {
  readonly value: Json;
  readonly aliases: ReadonlyMap<Node, Node>;
  /** Aliases stand for more than fits; the value must not be used. */
  readonly tooMuch: boolean;
};

const CORE = 'tag:yaml.org,2002:';
const CORE_TAGS: ReadonlySet<string> = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => CORE + tag),
);
const NOTHING: Converted = { value: null, size: 1, height: 0 };

/** How `!secret` is taken: whether one may stand at a path, and what stands for it. */
export type SecretRule = {
  readonly allows: (path: Path) => boolean;
  readonly file: string;
  /** Line and column of a node with a tag. */
  readonly place: (node: Node) => readonly [number, number];
};

/** Nodes to plain values. Whatever is refused becomes `null`, so that the rest can still be checked. */
export function convert(root: Node | null, fault: NodeFault, secrets: SecretRule): Conversion {
  const anchors = new Map<string, { readonly node: Node; readonly done?: Converted }>();
  const aliases = new Map<Node, Node>();

  let spent = 0;
  let tooMuch = false;

  const alias = (node: Node & { source: string }, path: Path): Converted => {
    const target = anchors.get(node.source);
    if (target === undefined) {
      fault(CODE.alias, `no anchor &${harmless(node.source)} stands before this alias`, node, path);
      return NOTHING;
    }
    if (target.done === undefined) {
      fault(CODE.alias, `the alias *${harmless(node.source)} contains itself`, node, path);
      return NOTHING;
    }
    spent += target.done.size;
    if (spent > MAX_VALUES || target.done.height + path.length > MAX_DEPTH) {
      if (!tooMuch) fault(CODE.alias, `the alias *${harmless(node.source)} stands for too much`, node, path);
      tooMuch = true;
      return NOTHING;
    }
    aliases.set(node, target.node);
    return target.done;
  };

  const map = (node: YAMLMap, path: Path): Converted => {
    const value: Record<string, Json> = {};
    let [size, height] = [1, 0];
    for (const pair of node.items) {
      const key = keyText(pair.key);
      const keyNode = isScalar(pair.key) ? pair.key : node;
      const inner = [...path, key];
      if (!allowedKey(key, keyNode, inner, fault)) continue;
      if (Object.hasOwn(value, key)) {
        fault(CODE.duplicateKey, `the key ${show(key)} is there twice`, keyNode, inner);
        continue;
      }
      const item = visit(pair.value as Node | null, inner);
      value[key] = item.value;
      size += item.size;
      height = Math.max(height, item.height + 1);
    }
    return { value, size, height };
  };

  const seq = (node: YAMLSeq, path: Path): Converted => {
    const items = node.items.map((item, index) => visit(item as Node | null, [...path, index]));
    return {
      value: items.map((item) => item.value),
      size: items.reduce((sum, item) => sum + item.size, 1),
      height: items.reduce((most, item) => Math.max(most, item.height + 1), 0),
    };
  };

  const visit = (node: Node | null, path: Path): Converted => {
    if (node === null) return NOTHING;
    if (isAlias(node)) return alias(node, path);
    const anchor = 'anchor' in node ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, { node });
    const tag = 'tag' in node ? node.tag : undefined;
    const converted =
      tag === '!secret'
        ? secret(node, path)
        : allowedTag(tag, node, path, fault)
          ? content(node, path)
          : NOTHING;
    if (anchor !== undefined) anchors.set(anchor, { node, done: converted });
    return converted;
  };

  const secret = (node: Node, path: Path): Converted => {
    if (!secrets.allows(path)) {
      fault(CODE.secretTag, 'a secret can only be a variable', node, path, 'see docs/secrets.md');
      return NOTHING;
    }
    const written = content(node, path);
    const source = readSecretTag(written.value);
    if (typeof source !== 'string')
      return { ...written, value: secretMark(written.value, secrets.file, secrets.place(node)) };
    fault(CODE.secretTag, source, node, path);
    return NOTHING;
  };

  const content = (node: Node, path: Path): Converted => {
    if (isMap(node)) return map(node, path);
    if (isSeq(node)) return seq(node, path);
    return isScalar(node) ? scalar(node, path, fault) : NOTHING;
  };

  return { value: visit(root, []).value, aliases, tooMuch };
}

function scalar(node: Scalar, path: Path, fault: NodeFault): Converted {
  const value = node.value;
  if (typeof value === 'number') {
    const why = numberFault(value, node.source ?? '');
    if (why === undefined) return { value, size: 1, height: 0 };
    fault(CODE.wrongValue, why, node, path, 'put it in quotes if it is text');
    return NOTHING;
  }
  if (typeof value === 'string' && !allowedText(value, node, path, fault)) return NOTHING;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return { value, size: 1, height: 0 };
  }
  return NOTHING;
}

/** Numbers that would silently become something else than what is written. */
function numberFault(value: number, written: string): string | undefined {
  if (!Number.isFinite(value)) return 'infinity and "not a number" are not allowed';
  if (/^[-+]?0\d/.test(written)) return `${written} would be read as ${value}`;
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(written)) {
    return 'the number is too large to be exact';
  }
  return undefined;
}

function allowedTag(tag: string | undefined, node: Node, path: Path, fault: NodeFault): boolean {
  if (tag === undefined || tag === '!' || CORE_TAGS.has(tag)) return true;
  fault(
    CODE.unknownTag,
    `the YAML tag ${show(tag.replace(CORE, '!!'))} is not known`,
    node,
    path,
    'write the value without a tag',
  );
  return false;
}

function allowedKey(key: string, node: Node, path: Path, fault: NodeFault): boolean {
  if (key === '__proto__') {
    fault(CODE.forbiddenKey, 'the key "__proto__" is not allowed', node, path);
    return false;
  }
  if (key === '<<') {
    fault(CODE.forbiddenKey, 'merge keys (<<) are not supported', node, path, 'use defaults, groups or vars');
    return false;
  }
  return allowedText(key, node, path, fault);
}

/** Escapes such as `"\u202e"` only show after parsing. */
function allowedText(text: string, node: Node, path: Path, fault: NodeFault): boolean {
  const offset = findRiskyCharacter(text);
  if (offset === -1) return true;
  const what = codePoint(text, offset);
  fault(
    CODE.badCharacter,
    `${what} is a control or invisible character and is not allowed`,
    node,
    path,
    'remove it',
  );
  return false;
}
