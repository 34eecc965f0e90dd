import type { Node } from 'yaml';
import type { Problem } from '../../errors.ts';
import type { Json } from '../../model/json.ts';
import { CODE } from '../codes.ts';
import { type Collector, collector } from '../collector.ts';
import type { Span } from '../excerpt.ts';
import { compose, MAX_DEPTH, MAX_VALUES, type YamlDocument } from './compose.ts';
import { convert, type NodeFault } from './convert.ts';
import { plainWords } from './plain-words.ts';
import { dotted, openSource, type Path, type Source } from './source.ts';
import { plainText, refuseText } from './text.ts';

export type ReadResult =
  | { readonly ok: false; readonly problems: readonly Problem[] }
  | {
      readonly ok: true;
      readonly value: Json;
      readonly source: Source;
      readonly problems: Collector;
      /** Where a value was refused and is now `null`; nothing more is to be said about it. */
      readonly refused: readonly Path[];
      /** Keys that are there twice; the first one counts, but what the second says is missing. */
      readonly doubled: readonly Path[];
    };

/** One missing quote makes a hundred of them; the first ones tell. */
const MAX_SYNTAX_ERRORS = 5;

/**
 * Text to plain values under the limits of docs/inventory.md. Never throws, whatever the text.
 * @param secretsAt where `!secret` may stand
 */
export function readYaml(
  raw: string,
  file: string,
  secretsAt: (path: Path) => boolean = () => false,
): ReadResult {
  const text = plainText(raw);
  const refusal = refuseText(text, file);
  if (refusal !== undefined) return { ok: false, problems: [refusal] };
  const bare = openSource(text, file, null, new Map());
  const fail = (code: string, message: string, offset: number, hint?: string): ReadResult => ({
    ok: false,
    problems: [bare.problemAt(code, message, { start: offset, end: offset + 1 }, '', hint)],
  });
  const composed = compose(text);
  switch (composed.kind) {
    case 'too-deep':
      return fail(CODE.tooDeep, `nested more than ${MAX_DEPTH} levels deep`, composed.offset);
    case 'too-many':
      return fail(CODE.tooLarge, `the file holds more than ${MAX_VALUES} values`, composed.offset);
    case 'directive':
      return fail(CODE.directive, 'YAML directives are not supported', composed.offset, 'remove the line');
    case 'several':
      return fail(
        CODE.directive,
        'the file holds several YAML documents',
        composed.offset,
        'keep one of them',
      );
    case 'document':
      return readDocument(text, file, composed.document, bare, secretsAt);
  }
}

function readDocument(
  text: string,
  file: string,
  document: YamlDocument,
  bare: Source,
  secretsAt: (path: Path) => boolean,
): ReadResult {
  const syntax = collector(MAX_SYNTAX_ERRORS);
  for (const error of document.errors) {
    const [start, end] = error.pos;
    syntax.add(() => bare.problemAt(CODE.syntax, `not valid YAML: ${plainWords(error)}`, { start, end }, ''));
  }
  if (syntax.count() > 0) return { ok: false, problems: syntax.list() };
  const problems = collector();
  const refused: Path[] = [];
  const doubled: Path[] = [];
  const fault: NodeFault = (code, message, node, path, hint) => {
    (code === CODE.duplicateKey ? doubled : refused).push(path);
    problems.add(() => bare.problemAt(code, message, spanOf(text, code, node), dotted(path), hint));
  };
  const { value, aliases, tooMuch } = convert(document.contents, fault, {
    allows: secretsAt,
    file,
    place: (node) => {
      const before = text.slice(0, spanOf(text, CODE.secretTag, node).start);
      return [before.split('\n').length, before.length - before.lastIndexOf('\n')];
    },
  });
  if (tooMuch) return { ok: false, problems: problems.list() };
  const source = openSource(text, file, document.contents, aliases);
  return { ok: true, value, source, problems, refused, doubled };
}

/** Where a node stands, or its tag when that is what is wrong. */
function spanOf(text: string, code: string, node: Node): Span {
  const [start = 0, end = 0] = node.range ?? [];
  if (code !== CODE.unknownTag && code !== CODE.secretTag) return { start, end };
  const line = text.lastIndexOf('\n', start - 1) + 1;
  const tag = /(?:^|\s)(!\S*)(?:\s+&\S+)?\s*$/.exec(text.slice(line, start));
  if (tag?.[1] === undefined) return { start, end };
  const from = line + tag.index + tag[0].indexOf('!');
  return { start: from, end: from + tag[1].length };
}
