import { type Glyph, glyph, type Span, textOf, tone } from './style.ts';
import { pad, widthOf } from './width.ts';

export type FrameOptions = {
  readonly columns: number;
  /** Lines of the terminal; the frame leaves the last one free. */
  readonly rows: number;
  readonly unicode: boolean;
  readonly color?: boolean;
  /** Is anybody reading the keyboard? */
  readonly keys: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** What the rows share: the options and how wide their first column is. */
export type Layout = FrameOptions & { readonly label: number };

/** A line of the live view before it is cut to the terminal and coloured. */
export type Row = readonly Span[];

const NAME = 17;
const NAME_MOST = 44;
const WHAT = 21;

/** Wide enough for `waves 1-9` with that many waves. */
export function labelColumn(waves: number): number {
  return Math.max(10, 'waves -'.length + 2 * String(waves).length + 1);
}

/** Wide enough for the names on the screen. */
export function nameColumn(names: readonly string[]): number {
  const longest = names.reduce((most, name) => Math.max(most, widthOf(name)), 0);
  return Math.min(Math.max(longest + 2, NAME), NAME_MOST);
}

/** `● wave 2    edge-01@2        health 7 of 10 s     pid 4121` */
export function row(
  cells: {
    readonly glyph?: Glyph;
    readonly label: string;
    readonly name: string;
    readonly what?: Span;
    readonly detail?: string;
  },
  options: Pick<Layout, 'unicode' | 'label'>,
  nameWidth = NAME,
): Row {
  const sign: Row = cells.glyph === undefined ? ['  '] : [glyph(cells.glyph, options), ' '];
  const name = cells.what === undefined ? cells.name : pad(cells.name, nameWidth);
  const out: Span[] = [...sign, tone(pad(cells.label, options.label), 'bold'), name];
  if (cells.what === undefined) return out;
  const what = textOf(cells.what);
  if (cells.detail === undefined || cells.detail === '') return [...out, cells.what];
  const padded = pad(what, WHAT);
  out.push(typeof cells.what === 'string' ? padded : { ...cells.what, text: padded });
  return [...out, tone(cells.detail, 'dim')];
}
