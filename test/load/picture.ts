import type { Timeline } from './seen.ts';

const WIDTH = 860;
const HEIGHT = 260;
const LEFT = 50;
const BOTTOM = 30;
const COLORS = ['#4c78a8', '#f58518', '#54a24b', '#b279a2', '#9d755d'];

/** Wider than any letter of the font. */
const LETTER = 6;

/** Beside its line, on the side where there is room. */
function label(x: number, text: string): string {
  if (x + 3 + text.length * LETTER <= WIDTH) return `<text x="${(x + 3).toFixed(1)}" y="34">${text}</text>`;
  return `<text x="${(x - 3).toFixed(1)}" y="34" text-anchor="end">${text}</text>`;
}

/** Requests a second by release over time, stacked, as SVG. @param marks seconds at which something began */
export function loadPicture(
  timeline: Timeline,
  marks: readonly { readonly at: number; readonly text: string }[],
): string {
  const seconds = Math.max(1, ...timeline.keys()) + 1;
  const releases = [...new Set([...timeline.values()].flatMap((c) => [...c.keys()]))];
  const top = Math.max(1, ...[...timeline.values()].map((c) => [...c.values()].reduce((a, b) => a + b, 0)));
  const x = (s: number): number => LEFT + (s / seconds) * (WIDTH - LEFT - 10);
  const h = (n: number): number => (n / top) * (HEIGHT - BOTTOM - 40);
  const bars: string[] = [];
  for (const [second, counts] of timeline) {
    let base = HEIGHT - BOTTOM;
    for (const [i, release] of releases.entries()) {
      const n = counts.get(release) ?? 0;
      if (n === 0) continue;
      base -= h(n);
      const width = Math.max(0.5, x(second + 1) - x(second) - 0.3);
      bars.push(
        `<rect x="${x(second).toFixed(1)}" y="${base.toFixed(1)}" width="${width.toFixed(1)}" height="${h(n).toFixed(1)}" fill="${COLORS[i % COLORS.length]}"/>`,
      );
    }
  }
  const legend = releases.map(
    (r, i) =>
      `<rect x="${LEFT + i * 130}" y="6" width="10" height="10" fill="${COLORS[i % COLORS.length]}"/><text x="${LEFT + 15 + i * 130}" y="15">${r === '' ? 'none' : r.slice(0, 7)}</text>`,
  );
  const lines = marks.map(
    ({ at, text }) =>
      `<line x1="${x(at).toFixed(1)}" x2="${x(at).toFixed(1)}" y1="30" y2="${HEIGHT - BOTTOM}" stroke="#888" stroke-dasharray="3 3"/>${label(x(at), text)}`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="#333">`,
    '<title>Answers a second by release, one scenario after the other</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...bars,
    ...lines,
    ...legend,
    `<text x="4" y="${HEIGHT - BOTTOM}">0</text><text x="4" y="45">${top}/s</text>`,
    `<text x="${LEFT}" y="${HEIGHT - 10}">0 s</text><text x="${WIDTH - 50}" y="${HEIGHT - 10}">${seconds} s</text>`,
    '</svg>',
    '',
  ].join('\n');
}
