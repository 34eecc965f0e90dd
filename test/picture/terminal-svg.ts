import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { screenCells } from './screen-cells.ts';
import { svg } from './svg.ts';

export type TerminalSize = { readonly columns: number; readonly rows: number };

/** The lines `script` puts around what it has captured. */
const SCRIPT_LINES = /^Script (?:started|done) on .*$\r?\n?/gm;
/** A live view draws a frame between these two. */
const FRAME_END = '\u001b[?2026l';

/** A picture of what a terminal shows after raw output (with its escapes, as `script` captures it). */
export async function terminalSvg(raw: string, size: TerminalSize, title: string): Promise<string> {
  const lines = await screenCells(raw.replace(SCRIPT_LINES, ''), size.columns, size.rows);
  return svg({ title, columns: size.columns, lines });
}

/** The output up to the end of the last frame that holds `text`, so that a picture can be taken under way. */
export function cutAfter(raw: string, text: string): string {
  const at = raw.lastIndexOf(text);
  if (at < 0) throw new Error(`the output does not hold ${JSON.stringify(text)}`);
  const end = raw.indexOf(FRAME_END, at);
  return end < 0 ? raw : raw.slice(0, end + FRAME_END.length);
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cols: { type: 'string', default: '100' },
      rows: { type: 'string', default: '30' },
      title: { type: 'string', default: 'pdeploy' },
      until: { type: 'string' },
    },
  });
  const [input, output] = positionals;
  if (input === undefined || output === undefined) {
    process.stderr.write(
      'usage: terminal-svg.ts IN.raw OUT.svg [--cols 100] [--rows 30] [--title TEXT] [--until TEXT]\n',
    );
    process.exitCode = 2;
  } else {
    const raw = readFileSync(input, 'utf8');
    const cut = values.until === undefined ? raw : cutAfter(raw, values.until);
    const size = { columns: Number(values.cols), rows: Number(values.rows) };
    writeFileSync(output, await terminalSvg(cut, size, values.title));
  }
}
