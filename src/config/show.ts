const RISKY = /(?![\t\n])\p{Cc}|\p{Bidi_Control}|\p{Cs}|[\u200b\u2028\u2029\ufeff]/u;
const RISKY_ALL = new RegExp(RISKY.source, 'gu');
const WIDTH = 60;

/** Offset of the first control, bidirectional or invisible character, or lone surrogate; -1 when there is none. */
export function findRiskyCharacter(text: string): number {
  return text.search(RISKY);
}

/** The text with every character that could fool a terminal or a reader replaced by `?`, one for one. */
export function harmless(text: string): string {
  return text.replace(RISKY_ALL, '?');
}

/** `U+202E` */
export function codePoint(text: string, offset: number): string {
  return `U+${(text.codePointAt(offset) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** A value of the user's as it appears in a message: short and on one line. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = harmless(typeof value === 'string' ? JSON.stringify(value) : String(value));
  return text.length <= WIDTH ? text : `${text.slice(0, WIDTH - 3)}...`;
}

/** `1 host`, `3 hosts`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
