import { harmless } from './show.ts';

const WIDTH = 96;

/** A piece of a text: offsets in UTF-16 units, `end` exclusive. */
export type Span = { readonly start: number; readonly end: number };

/** The line that holds `span.start`, and a line of carets under the span, as far as it is on that line. */
export function excerpt(text: string, span: Span, line: number): string {
  const from = text.lastIndexOf('\n', span.start - 1) + 1;
  const newline = text.indexOf('\n', span.start);
  const whole = text.slice(from, newline === -1 ? text.length : newline).replace(/\r$/, '');
  const shown = clip(whole, span.start - from, span.end - from);
  const gutter = `    ${line}`;
  const before = [...shown.line.slice(0, shown.start)].length;
  const under = Math.max(1, [...shown.line.slice(shown.start, shown.end)].length);
  return [
    `${gutter} | ${harmless(shown.line).replaceAll('\t', ' ')}`.trimEnd(),
    `${' '.repeat(gutter.length)} | ${' '.repeat(before)}${'^'.repeat(under)}`,
  ].join('\n');
}

type Clipped = { readonly line: string; readonly start: number; readonly end: number };

function clip(line: string, start: number, end: number): Clipped {
  const stop = Math.min(Math.max(end, start), line.length);
  if (line.length <= WIDTH) return { line, start, end: stop };
  const left = Math.max(0, Math.min(start - 20, line.length - WIDTH));
  const right = Math.min(line.length, left + WIDTH);
  const head = left > 0 ? '...' : '';
  const tail = right < line.length ? '...' : '';
  const shift = head.length - left;
  return {
    line: head + line.slice(left, right) + tail,
    start: start + shift,
    end: Math.min(stop, right) + shift,
  };
}
