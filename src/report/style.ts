import { styleText } from 'node:util';
import { sanitize } from '../util/sanitize.ts';
import { clip, widthOf } from './width.ts';

/** What the reader's terminal can show. */
export type Style = { readonly unicode: boolean; readonly color: boolean; readonly columns: number };

export const PLAIN: Style = { unicode: false, color: false, columns: 110 };

export type Tone = 'bold' | 'dim' | 'ok' | 'bad' | 'warn' | 'run';

/** A piece of a line. The tone only adds to what the words say. */
export type Span = string | { readonly text: string; readonly tone: Tone };

const COLORS = { bold: 'bold', dim: 'dim', ok: 'green', bad: 'red', warn: 'yellow', run: 'cyan' } as const;

export type Glyph = 'done' | 'failed' | 'running' | 'waiting' | 'warning';

const GLYPHS: {
  readonly [G in Glyph]: { readonly unicode: string; readonly ascii: string; readonly tone: Tone };
} = {
  done: { unicode: '✔', ascii: '+', tone: 'ok' },
  failed: { unicode: '✖', ascii: 'x', tone: 'bad' },
  running: { unicode: '●', ascii: '*', tone: 'run' },
  waiting: { unicode: '○', ascii: '-', tone: 'dim' },
  warning: { unicode: '◌', ascii: '!', tone: 'warn' },
};

export function glyph(kind: Glyph, style: Pick<Style, 'unicode'>): Span {
  const { unicode, ascii, tone } = GLYPHS[kind];
  return { text: style.unicode ? unicode : ascii, tone };
}

export function tone(text: string, as: Tone): Span {
  return { text, tone: as };
}

export function textOf(span: Span): string {
  return typeof span === 'string' ? span : span.text;
}

/** One line: made safe, cut to `columns` when given, then coloured. */
export function line(
  spans: readonly Span[],
  style: Pick<Style, 'color' | 'unicode'>,
  columns?: number,
): string {
  let left = columns ?? Number.POSITIVE_INFINITY;
  let out = '';
  const last = spans.findLastIndex((span) => textOf(span).trim() !== '');
  for (const [i, span] of spans.slice(0, last + 1).entries()) {
    const safe = sanitize(textOf(span));
    const shown = clip(i === last ? safe.trimEnd() : safe, left, style.unicode);
    left -= widthOf(shown);
    out +=
      typeof span === 'string' || !style.color || shown.trim() === '' ? shown : colored(shown, span.tone);
    if (left <= 0) break;
  }
  return out;
}

function colored(text: string, as: Tone): string {
  return styleText(COLORS[as], text, { validateStream: false });
}

type Terminal = { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined };

/** From the locale, NO_COLOR, FORCE_COLOR, TERM and whether a person looks at it. */
export function detectStyle(stream: Terminal, env: NodeJS.ProcessEnv): Style {
  return {
    unicode: hasUnicode(env),
    color: hasColor(stream, env),
    columns: stream.columns !== undefined && stream.columns > 0 ? stream.columns : PLAIN.columns,
  };
}

function hasColor(stream: Terminal, env: NodeJS.ProcessEnv): boolean {
  if ((env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb') return false;
  const forced = env.FORCE_COLOR ?? env.CLICOLOR_FORCE ?? '';
  return forced !== '' ? forced !== '0' && forced !== 'false' : stream.isTTY === true;
}

/** POSIX: the first of the three that is set and not empty decides. */
function hasUnicode(env: NodeJS.ProcessEnv): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '');
  return env.TERM !== 'linux' && /utf-?8/i.test(locale ?? '');
}
