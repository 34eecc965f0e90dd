import type { Problem } from '../../errors.ts';
import { CODE } from '../codes.ts';
import { excerpt } from '../excerpt.ts';
import { codePoint, findRiskyCharacter } from '../show.ts';

export const MAX_BYTES = 1024 * 1024;
export const MAX_LINES = 20_000;

/** What can be refused before a YAML parser sees the text; `undefined` when there is nothing. */
export function refuseText(text: string, file: string): Problem | undefined {
  if (text.length > MAX_BYTES || Buffer.byteLength(text) > MAX_BYTES) {
    return { code: CODE.tooLarge, message: `${file} is larger than 1 MiB`, hint: 'split the inventory' };
  }
  const lines = lineOf(text, text.length);
  if (lines > MAX_LINES) {
    return { code: CODE.tooLarge, message: `${file} has ${lines} lines; the limit is ${MAX_LINES}` };
  }
  const offset = findRiskyCharacter(text);
  if (offset === -1) return undefined;
  return {
    code: CODE.badCharacter,
    message: `${codePoint(text, offset)} is a control or invisible character and is not allowed`,
    at: { file, line: lineOf(text, offset), col: offset - text.lastIndexOf('\n', offset - 1) },
    excerpt: excerpt(text, { start: offset, end: offset + 1 }, lineOf(text, offset)),
    hint: 'remove it',
  };
}

/** UTF-8 without its byte order mark and with plain line ends; `undefined` when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return plainText(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Windows line ends become plain ones: columns and excerpts stay right. */
export function plainText(text: string): string {
  return text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
