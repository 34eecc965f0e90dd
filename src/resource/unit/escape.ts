import type { UnitPart, UnitText } from '../../model/unit-text.ts';
import { partsOf } from './text.ts';

/** A value that cannot be written so that systemd reads back the same. The section adds which key it was. */
export class UnitValueError extends Error {}

type Value = string | number | UnitText;

/** Longest line systemd reads, less some room for the key. */
const LINE_MAX = 1_000_000;

/** One argument of an exec line: specifiers and variables work, everything else arrives byte for byte. */
export function execWord(value: Value): string {
  return quote(join(partsOf(value), (text) => percent(text).replaceAll('$', '$$$$'), true));
}

/** The program of an exec line. systemd refuses quotes and the like in it, and a `$` it could not escape. */
export function execPath(value: Value): string {
  const path = join(partsOf(value), percent, false);
  if (!path.startsWith('/')) throw new UnitValueError(`the program must be an absolute path, got "${path}"`);
  const bad = /["'\\$\p{Cc}]/u.exec(path);
  if (bad !== null) throw new UnitValueError(`the path of a program must not hold ${JSON.stringify(bad[0])}`);
  return quote(path);
}

/** One word of a list in which systemd reads C escapes, e.g. of Environment=. */
export function quotedWord(value: Value): string {
  return quote(join(partsOf(value), percent, false));
}

/** One word of a list in which systemd reads quotes but no C escapes, e.g. of ReadWritePaths=. */
export function plainWord(value: Value): string {
  const text = noControl(join(partsOf(value), percent, false));
  if (/^[A-Za-z0-9_./:=,@%+~!-]+$/.test(text)) return text;
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** A whole line that systemd takes as it is, without quotes, e.g. Description=. */
export function wholeLine(value: Value): string {
  return rawLine(join(partsOf(value), percent, false));
}

/** A whole line in which not even `%` is special, e.g. of an X- key. */
export function rawLine(value: string): string {
  const text = checkText(noControl(value));
  if (text !== text.trim()) throw new UnitValueError('it must not begin or end with white space');
  // An odd run of backslashes at the end joins the next line.
  if ((/\\*$/.exec(text)?.[0].length ?? 0) % 2 === 1)
    throw new UnitValueError('it must not end in a backslash');
  return text;
}

function quote(text: string): string {
  if (/^[A-Za-z0-9_./:=,@%+$-]+$/.test(text)) return text;
  const escaped = text.replaceAll(/["\\\p{Cc}]/gu, (char) => {
    const known = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' }[char];
    if (known !== undefined) return known;
    const code = char.charCodeAt(0);
    // C1 controls are two bytes in UTF-8 and mean nothing to systemd.
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : char;
  });
  return `"${escaped}"`;
}

function join(parts: readonly UnitPart[], literal: (text: string) => string, variables: boolean): string {
  const text = parts
    .map((part) => {
      if (part.kind === 'literal') return literal(checkText(part.text));
      if (part.kind === 'specifier') return part.text;
      if (!variables) throw new UnitValueError(`$${part.name} works in the arguments of exec lines only`);
      return `\${${part.name}}`;
    })
    .join('');
  if (text.length > LINE_MAX) throw new UnitValueError('it is longer than systemd reads');
  return text;
}

function percent(text: string): string {
  return text.replaceAll('%', '%%');
}

function checkText(text: string): string {
  if (text.includes('\0')) throw new UnitValueError('it holds a NUL');
  if (!text.isWellFormed() || /\p{Noncharacter_Code_Point}/u.test(text))
    throw new UnitValueError('it holds code points that are not valid Unicode');
  return text;
}

function noControl(text: string): string {
  const at = /[\p{Cc}]/u.exec(text);
  if (at === null) return text;
  const what =
    at[0] === '\n'
      ? 'a line break'
      : `the control character U+${at[0].charCodeAt(0).toString(16).padStart(4, '0')}`;
  throw new UnitValueError(`it holds ${what}, which systemd cannot read here`);
}
