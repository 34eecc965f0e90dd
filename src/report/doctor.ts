import type { Check } from '../model/check.ts';
import { sanitize } from '../util/sanitize.ts';
import { glyph, line, type Span, type Style, textOf } from './style.ts';
import { pad } from './width.ts';

/** A host, or `here`, and what was looked at there. */
export type Examined = { readonly where: string; readonly checks: readonly Check[] };

const GLYPHS = { ok: 'done', warn: 'warning', fail: 'failed' } as const;
const WHAT_WIDTH = 16;

/** More than this many blocks, and only what is not in order is shown of each. */
const ALL_IN_FULL = 5;

/** A block for this machine and for each host. */
export function doctorText(all: readonly Examined[], style: Style): string {
  const full = all.length <= ALL_IN_FULL;
  return all.map((examined) => block(examined, full, style)).join(full ? '\n\n' : '\n');
}

function block({ where, checks }: Examined, full: boolean, style: Style): string {
  const counted = (level: Check['level']): number => checks.filter((check) => check.level === level).length;
  const sums = (['ok', 'warn', 'fail'] as const)
    .filter((level) => counted(level) > 0)
    .map((level) => `${counted(level)} ${level}`);
  return [
    line([{ text: where, tone: 'bold' }, `   ${sums.join(', ')}`], style),
    ...checks.filter((check) => full || check.level !== 'ok').map((check) => checkLine(check, style)),
  ].join('\n');
}

/** Never cut: what is wrong has to be read to its end. */
function checkLine({ what, level, text }: Check, style: Style): string {
  const mark: Span = glyph(GLYPHS[level], style);
  const tone = typeof mark === 'string' ? 'dim' : mark.tone;
  const word: Span = { text: pad(level, 6), tone };
  return line([`  ${textOf(mark)} `, word, pad(what, WHAT_WIDTH), sanitize(text)], style);
}
