const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NONE = /\p{M}/u;
const ASCII = /^[ -~]*$/;

/** Columns a terminal needs for the text. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** The text, or its beginning and an ellipsis when it needs more than `columns`. */
export function clip(text: string, columns: number, unicode = true): string {
  if (widthOf(text) <= columns) return text;
  const ellipsis = unicode ? '…' : '..';
  const room = columns - ellipsis.length;
  if (room < 0) return '';
  let width = 0;
  let out = '';
  for (const char of text) {
    width += charWidth(char);
    if (width > room) break;
    out += char;
  }
  return out + ellipsis;
}

/** Filled up with blanks, and at least one when something follows. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(columns - widthOf(text), 1));
}

function charWidth(char: string): number {
  if (NONE.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}
