import { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import xterm from '@xterm/headless';

/** A terminal in memory: what is written to `stream` can be read as lines. */
export class Screen {
  readonly #terminal: xterm.Terminal;
  readonly stream: WriteStream;
  raw = '';

  constructor(columns: number, rows: number) {
    this.#terminal = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: 1_000,
      allowProposedApi: true,
      convertEol: true,
    });
    const writable = new Writable({
      write: (chunk, _encoding, done) => {
        this.raw += String(chunk);
        this.#terminal.write(chunk, done);
      },
    });
    this.stream = Object.assign(writable, { columns, rows, isTTY: true }) as unknown as WriteStream;
  }

  /** What a person sees now, without the empty lines below. */
  async lines(): Promise<string[]> {
    await new Promise<void>((resolve) => this.stream.write('', () => resolve()));
    const { active } = this.#terminal.buffer;
    const lines = Array.from(
      { length: this.#terminal.rows },
      (_, y) => active.getLine(active.baseY + y)?.translateToString(true) ?? '',
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  get scrolled(): number {
    return this.#terminal.buffer.active.baseY;
  }
}
