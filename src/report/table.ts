import { line, type Span, type Style, textOf, tone } from './style.ts';
import { clip, pad, widthOf } from './width.ts';

const GAP = 3;
const LEAST = 12;

/** Columns as wide as their widest cell; the `flexible` one, by default the last, gives way to the terminal's edge. */
export function table(
  header: readonly string[],
  rows: readonly (readonly Span[])[],
  style: Style,
  flexible = header.length - 1,
): string[] {
  const widths = header.map((name, i) =>
    rows.reduce((most, cells) => Math.max(most, widthOf(textOf(cells[i] ?? ''))), widthOf(name)),
  );
  const over = widths.reduce((sum, width) => sum + width + GAP, -GAP) - style.columns;
  if (over > 0) widths[flexible] = Math.max(LEAST, (widths[flexible] ?? 0) - over);
  const lay = (cells: readonly Span[]): readonly Span[] =>
    cells.map((cell, i) => {
      const cut = clip(textOf(cell), widths[i] ?? 0, style.unicode);
      const text = i === cells.length - 1 ? cut : pad(cut, (widths[i] ?? 0) + GAP);
      return typeof cell === 'string' ? text : { ...cell, text };
    });
  const head = header.map((name) => tone(name, 'dim'));
  return [head, ...rows].map((cells) => line(lay(cells), style, style.columns));
}
