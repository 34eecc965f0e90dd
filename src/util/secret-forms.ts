/** One way to write a secret: for each part of it, the texts that stand for that part. */
export type Form = readonly (readonly string[])[];

export type Forms = {
  readonly plain: Form;
  /** base64 by alignment, and hex: programs break these into lines. */
  readonly encoded: readonly Form[];
};

/** Characters whose escape is a letter in JSON, in shells and in most languages. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ['\n', 'n'],
  ['\r', 'r'],
  ['\t', 't'],
  ['\b', 'b'],
  ['\f', 'f'],
]);
const ENTITIES: ReadonlyMap<string, readonly string[]> = new Map([
  ['&', ['&amp;']],
  ['<', ['&lt;']],
  ['>', ['&gt;']],
  ['"', ['&quot;', '&#34;']],
  ["'", ['&#39;', '&#x27;', "'\\''", `'"'"'`]],
  [' ', ['+']],
]);

/**
 * All forms in which a text may turn up: as it is, escaped character by character (JSON, also twice; shell quotes; URL;
 * HTML), base64 and base64url wherever in the encoded text it begins, and hex.
 */
export function formsOf(text: string): Forms {
  const bytes = Buffer.from(text, 'utf8');
  return {
    plain: [...text].map((char) => kept(char, written)),
    encoded: [
      ...[0, 1, 2].map((offset) => base64(bytes, offset)),
      [...bytes].map((byte, index) => kept(byte * 2 + Math.min(index, 1), () => hex(byte, index))),
    ],
  };
}

const made = new Map<string | number, readonly string[]>();

/** Long secrets are made of few different parts. */
function kept<K extends string | number>(key: K, make: (key: K) => readonly string[]): readonly string[] {
  const known = made.get(key) ?? make(key);
  made.set(key, known);
  return known;
}

function written(char: string): readonly string[] {
  const texts = new Set([char, ...(ENTITIES.get(char) ?? [])]);
  if (!/^[A-Za-z0-9]$/.test(char)) for (const n of [1, 2, 3]) texts.add('\\'.repeat(n) + char);
  if (char === '\\') for (const n of [4, 8]) texts.add('\\'.repeat(n));
  const letter = LETTERS.get(char);
  const units = Array.from({ length: char.length }, (_, i) =>
    char.charCodeAt(i).toString(16).padStart(4, '0'),
  );
  for (const slashes of ['\\', '\\\\']) {
    if (letter !== undefined) texts.add(slashes + letter);
    for (const unit of bothCases(units.map((u) => `${slashes}u${u}`).join(''), 'u')) texts.add(unit);
  }
  const bytes = [...Buffer.from(char, 'utf8')];
  const pairs = bytes.map((byte) => byte.toString(16).padStart(2, '0'));
  for (const prefix of ['%', '%25', '\\x'])
    for (const p of bothCases(pairs.map((x) => prefix + x).join(''), 'x')) texts.add(p);
  texts.add(bytes.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''));
  return [...texts];
}

/** Upper case but for the letter that belongs to the escape. */
function bothCases(text: string, letter: string): readonly string[] {
  return [text, text.toUpperCase().replaceAll(letter.toUpperCase(), letter)];
}

/** The characters that depend on nothing but the text when `offset` bytes (modulo 3) come before it. */
function base64(bytes: Buffer, offset: number): Form {
  const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const core = whole.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
  return [...core].map((char, index) =>
    kept(`${Math.min(index, 1)} ${char}`, () => {
      const texts = BASE64.get(char) ?? [char];
      return index === 0 ? texts : [...texts, `\n${char}`, `\\n${char}`];
    }),
  );
}

const BASE64: ReadonlyMap<string, readonly string[]> = new Map([
  ['+', ['+', '-', '%2B', '%2b', '\\u002b', '\\u002B']],
  ['/', ['/', '_', '%2F', '%2f', '\\/']],
]);

function hex(byte: number, index: number): readonly string[] {
  const pair = byte.toString(16).padStart(2, '0');
  const texts = [pair, pair.toUpperCase()];
  return index === 0 ? texts : ['', ':', ' ', '\n'].flatMap((between) => texts.map((text) => between + text));
}
