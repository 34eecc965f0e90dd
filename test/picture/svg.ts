import type { Run } from './screen-cells.ts';

const CELL = 8.4;
const LINE = 20;
const FONT = 14;
const PAD = 18;
const BAR = 36;
const COLORS = {
  ground: '#0d1117',
  bar: '#161b22',
  edge: '#30363d',
  text: '#c9d1d9',
  dim: '#8b949e',
  title: '#8b949e',
};
const LIGHTS = ['#ff5f57', '#febc2e', '#28c840'];
const FAMILY = "ui-monospace, 'SF Mono', SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

export type Picture = {
  readonly title: string;
  readonly columns: number;
  readonly lines: readonly (readonly Run[])[];
};

/** The screen as an SVG file: the same screen always gives the same bytes. Every run has its place, whatever the font. */
export function svg({ title, columns, lines }: Picture): string {
  const width = Math.round(columns * CELL + 2 * PAD);
  const height = BAR + lines.length * LINE + 2 * PAD - 4;
  const text = lines.map((runs, y) => lineOf(runs, BAR + PAD + y * LINE + 11));
  const grounds = lines.flatMap((runs, y) => runs.map((run) => groundOf(run, BAR + PAD + y * LINE - 4)));
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="9" fill="${COLORS.ground}" stroke="${COLORS.edge}"/>`,
    `<path d="M1 ${BAR}V10a9 9 0 0 1 9-9H${width - 10}a9 9 0 0 1 9 9V${BAR}z" fill="${COLORS.bar}"/>`,
    ...LIGHTS.map((color, i) => `<circle cx="${20 + i * 20}" cy="${BAR / 2}" r="6" fill="${color}"/>`),
    `<text x="${width / 2}" y="${BAR / 2 + 5}" fill="${COLORS.title}" font-family="${FAMILY}" font-size="13" text-anchor="middle">${escaped(title)}</text>`,
    ...grounds.filter((ground) => ground !== ''),
    `<g font-family="${FAMILY}" font-size="${FONT}" fill="${COLORS.text}" xml:space="preserve">`,
    ...text.filter((line) => line !== ''),
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

function lineOf(runs: readonly Run[], y: number): string {
  const spans = runs.filter((run) => run.text.trim() !== '').map(spanOf);
  return spans.length === 0 ? '' : `<text y="${y}">${spans.join('')}</text>`;
}

/** `textLength` keeps columns where they are when the reader's font is wider or narrower. */
function spanOf(run: Run): string {
  const text = run.text.trimEnd();
  const lead = text.length - text.trimStart().length;
  const cells = run.width - (run.text.length - text.length) - lead;
  const attributes = [
    `x="${at(run.column + lead)}"`,
    `textLength="${round(cells * CELL)}"`,
    ...(run.color === undefined ? (run.dim ? [`fill="${COLORS.dim}"`] : []) : [`fill="${run.color}"`]),
    ...(run.bold ? ['font-weight="600"'] : []),
    ...(run.color !== undefined && run.dim ? ['opacity="0.7"'] : []),
  ];
  return `<tspan ${attributes.join(' ')}>${escaped(text.trimStart())}</tspan>`;
}

function groundOf(run: Run, y: number): string {
  if (run.background === undefined) return '';
  return `<rect x="${at(run.column)}" y="${y}" width="${round(run.width * CELL)}" height="${LINE}" fill="${run.background}"/>`;
}

function at(column: number): string {
  return round(PAD + column * CELL);
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
