import { CODE } from '../codes.ts';
import type { Span } from '../excerpt.ts';
import { show } from '../show.ts';

/** How a term changes what is selected: add to it, keep only what is in both, or take away. */
export type TermKind = 'add' | 'keep' | 'remove';

export type Term = {
  readonly kind: TermKind;
  /** A host, a group, a glob or range of them, `zone=b` or `region=eu`. */
  readonly pattern: string;
  /** Instance name or glob after `@`. */
  readonly instance?: string;
  /** Where it stands in the text. */
  readonly span: Span;
};

export type Selector = { readonly text: string; readonly terms: readonly Term[] };

/** Something wrong with a part of a selector's text. */
export type SelectorFault = {
  readonly code: string;
  readonly message: string;
  readonly span: Span;
  readonly hint?: () => string | undefined;
};

export type SelectorResult =
  | { readonly ok: true; readonly selector: Selector }
  | { readonly ok: false; readonly faults: readonly SelectorFault[] };

const TERM = /^(?:zone=|region=)?[A-Za-z0-9_*?[\]:.-]+(?:@[a-z0-9*?-]+)?$/;
const MAX_TERMS = 100;

/** Text to terms; see `parseSelector`. */
export function readSelector(text: string): SelectorResult {
  const terms: Term[] = [];
  const faults: SelectorFault[] = [];
  const pieces = split(text);
  if (pieces.length > MAX_TERMS) {
    const span = { start: 0, end: 1 };
    return { ok: false, faults: [fault(`a selector has at most ${MAX_TERMS} parts`, span)] };
  }
  for (const { piece, offset } of pieces) {
    const sign = /^\s*[&!]/.exec(piece)?.[0] ?? '';
    const body = piece.slice(sign.length).trim();
    const start = body === '' ? offset : text.indexOf(body, offset + sign.length);
    const span = { start, end: Math.max(start + body.length, start + 1) };
    if (body === '') {
      faults.push(fault(`a part of the selector ${show(text)} is empty`, span));
    } else if (TERM.test(body)) {
      const [pattern = '', instance] = body.split('@');
      terms.push({
        kind: kindOf(sign.trim()),
        pattern,
        ...(instance === undefined ? {} : { instance }),
        span,
      });
    } else {
      faults.push(fault(`${show(body)} cannot stand in a selector`, span));
    }
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, selector: { text, terms } };
}

function fault(message: string, span: Span): SelectorFault {
  return { code: CODE.selectorSyntax, message, span };
}

function kindOf(sign: string): TermKind {
  if (sign === '') return 'add';
  return sign === '&' ? 'keep' : 'remove';
}

type Piece = { readonly piece: string; readonly offset: number };

/** Colons and commas separate terms, but not inside the brackets of a range. */
function split(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let inside = false;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i];
    if (char === '[') inside = true;
    if (char === ']') inside = false;
    const ends = char === undefined || (!inside && (char === ':' || char === ','));
    if (!ends) continue;
    pieces.push({ piece: text.slice(from, i), offset: from });
    from = i + 1;
  }
  return pieces;
}
