import { Composer, type Document, Lexer, type ParsedNode, Parser } from 'yaml';

export const MAX_DEPTH = 64;
/** Values in one file, aliases counted as often as they are used. */
export const MAX_VALUES = 100_000;
const MAX_LEXEMES = 4 * MAX_VALUES;
/** Enough to know that this is not YAML; each costs time. */
const MAX_ERRORS = 100;
const COLLECTIONS: ReadonlySet<string> = new Set(['block-map', 'block-seq', 'flow-collection']);

export type YamlDocument = Document.Parsed<ParsedNode>;

export type Composed =
  | { readonly kind: 'document'; readonly document: YamlDocument }
  | { readonly kind: 'too-deep' | 'directive' | 'several' | 'too-many'; readonly offset: number };

/**
 * Text to nodes. The depth is watched while the flat token stream is read, because the composer behind it is
 * recursive and a text of 20 KB of `[` ends the process.
 */
export function compose(text: string): Composed {
  const stackTraceLimit = Error.stackTraceLimit;
  // The composer makes an Error for each fault it finds; their stacks take ten times longer than all else.
  Error.stackTraceLimit = 0;
  try {
    return composeDocument(text);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function composeDocument(text: string): Composed {
  const parser = new Parser();
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    strict: true,
    stringKeys: true,
    // Ours is linear; the one of the library compares every pair of keys.
    uniqueKeys: false,
    merge: false,
    resolveKnownTags: false,
    logLevel: 'silent',
  });
  const documents: YamlDocument[] = [];
  let [lexemes, errors] = [0, 0];
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > MAX_LEXEMES) return { kind: 'too-many', offset: parser.offset };
    for (const token of parser.next(lexeme)) {
      if (token.type === 'directive') return { kind: 'directive', offset: token.offset };
      if (token.type === 'error') errors++;
      documents.push(...composer.next(token));
    }
    if (errors > MAX_ERRORS || documents.length > 1) break;
    if (depthOf(parser) > MAX_DEPTH) return { kind: 'too-deep', offset: parser.offset };
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end(true, text.length));
  const [document, second] = documents;
  if (second !== undefined) return { kind: 'several', offset: second.range[0] };
  if (document === undefined) throw new Error('the YAML composer gave no document');
  return { kind: 'document', document };
}

/** Collections that are open; the document and a scalar may be on the stack as well. */
function depthOf(parser: Parser): number {
  if (parser.stack.length <= MAX_DEPTH) return 0;
  return parser.stack.filter((token) => COLLECTIONS.has(token.type)).length;
}
