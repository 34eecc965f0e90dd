import xterm from '@xterm/headless';

/** A run of cells that look alike. `color` and `background` are `#rrggbb` or undefined for the terminal's own. */
export type Run = {
  readonly column: number;
  readonly width: number;
  readonly text: string;
  readonly color: string | undefined;
  readonly background: string | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
};

/** The first sixteen colours, chosen to be read on the dark background of the picture. */
export const PALETTE = [
  '#484f58',
  '#ff7b72',
  '#56d364',
  '#e3b341',
  '#79c0ff',
  '#d2a8ff',
  '#56d4dd',
  '#c9d1d9',
  '#6e7681',
  '#ffa198',
  '#7ee787',
  '#f2cc60',
  '#a5d6ff',
  '#e2c5ff',
  '#8ddff0',
  '#ffffff',
] as const;

/** What a terminal of that size shows after the raw output: its lines as runs, empty lines at the end left out. */
export async function screenCells(raw: string, columns: number, rows: number): Promise<Run[][]> {
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    scrollback: 0,
    allowProposedApi: true,
    convertEol: true,
  });
  await new Promise<void>((resolve) => terminal.write(raw, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: rows }, (_, y) => runsOf(active.getLine(active.baseY + y), columns));
  terminal.dispose();
  while (lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

function runsOf(line: xterm.IBufferLine | undefined, columns: number): Run[] {
  const runs: Run[] = [];
  for (let column = 0; column < columns; column++) {
    const cell = line?.getCell(column);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const next: Run = {
      column,
      width: cell.getWidth(),
      text: cell.getChars() || ' ',
      color: colorOf(cell.isFgRGB(), cell.isFgPalette(), cell.getFgColor()),
      background: colorOf(cell.isBgRGB(), cell.isBgPalette(), cell.getBgColor()),
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
    };
    const last = runs.at(-1);
    if (last !== undefined && alike(last, next)) {
      runs[runs.length - 1] = { ...last, text: last.text + next.text, width: last.width + next.width };
    } else runs.push(next);
  }
  while (runs.length > 0 && blank(runs.at(-1))) runs.pop();
  return runs;
}

function blank(run: Run | undefined): boolean {
  return run !== undefined && run.text.trim() === '' && run.background === undefined;
}

function alike(a: Run, b: Run): boolean {
  return a.color === b.color && a.background === b.background && a.bold === b.bold && a.dim === b.dim;
}

function colorOf(rgb: boolean, palette: boolean, value: number): string | undefined {
  if (rgb) return `#${value.toString(16).padStart(6, '0')}`;
  if (!palette) return undefined;
  if (value < 16) return PALETTE[value];
  if (value >= 232) return grey(8 + (value - 232) * 10);
  const cube = value - 16;
  return `#${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((v) => hex(v === 0 ? 0 : 55 + v * 40)).join('')}`;
}

function grey(value: number): string {
  return `#${hex(value).repeat(3)}`;
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}
