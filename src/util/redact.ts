import { type Form, formsOf } from './secret-forms.ts';

/** A form from one of its parts on. */
type Known = { readonly shown: string; readonly form: Form; readonly part: number; readonly whole: boolean };

/** Of a text that was cut somewhere in a secret, so many parts of it are enough to know it by. */
const CUT = 6;
/** The same where a line begins in the middle of an encoded secret. */
const REST = 8;
/** A line of a secret of several lines counts by itself when it is this long: logs are read line by line. */
const LINE = 16;

const seen = new Set<string>();
/** Forms by the code unit that their first part can begin with. */
const byFirst = new Map<number, Known[]>();
/** What is left of encoded forms behind a line end, by its first two characters: there is one for every part. */
const rests = new Map<string, Known[]>();

/** From now on the value is taken out of everything that passes `redact`. `shown` stands in its place. */
export function rememberSecret(value: string, shown: string): void {
  const text = value.trim();
  add(text, shown, true);
  const lines = text.split('\n').map((line) => line.trim());
  if (lines.length > 1)
    for (const line of lines)
      if (line.length >= LINE && !/^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(line)) add(line, shown, false);
}

function add(text: string, shown: string, whole: boolean): void {
  if (text === '' || seen.has(text)) return;
  seen.add(text);
  const { plain, encoded } = formsOf(text);
  for (const form of [plain, ...encoded])
    for (const code of new Set((form[0] ?? []).map((t) => t.charCodeAt(0))))
      push(byFirst, code, { shown, form, part: 0, whole });
  for (const form of encoded)
    for (let part = 1; part <= form.length - REST; part += 1)
      for (const two of beginnings(form, part)) push(rests, two, { shown, form, part, whole: false });
}

function beginnings(form: Form, part: number): ReadonlySet<string> {
  const [first = [], second = []] = [form[part], form[part + 1]].map((texts) =>
    texts?.filter((t) => /^\w|^[-+/]/.test(t)),
  );
  return new Set(first.flatMap((a) => (a.length > 1 ? a.slice(0, 2) : second.map((b) => a + b.slice(0, 1)))));
}

function push<K>(map: Map<K, Known[]>, key: K, known: Known): void {
  const others = map.get(key);
  if (others === undefined) map.set(key, [known]);
  else others.push(known);
}

/** The text with every secret that is known by now replaced by its name, in whatever form it is there. */
export function redact(text: string): string {
  if (byFirst.size === 0) return text;
  const begin = text.search(/\S/);
  const rest = begin < 0 ? undefined : longest(rests.get(text.slice(begin, begin + 2)), text, begin);
  const end = rest?.end ?? text.length;
  if (
    rest === undefined ||
    rest.parts < REST ||
    (longest(byFirst.get(text.charCodeAt(begin)), text, begin)?.end ?? 0) >= end
  )
    return scan(text, true).done;
  return text.slice(0, begin) + rest.known.shown + scan(text.slice(end), true).done;
}

/** How the secret is called that is in a text as it is or in another form; undefined when none is. */
export function secretIn(text: string): string | undefined {
  for (let at = 0; at < text.length && byFirst.size > 0; at += 1) {
    const whole = byFirst.get(text.charCodeAt(at))?.filter((known) => known.whole);
    const found = longest(whole, text, at);
    if (found?.end !== undefined) return found.known.shown;
  }
  return undefined;
}

/**
 * The same for a value of plain data, deep. What stands under the given keys are names that others are looked up by; it
 * stays.
 */
export function redactAll<T>(value: T, keep: ReadonlySet<string> = NONE): T {
  if (byFirst.size === 0) return value;
  if (typeof value === 'string') return redact(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => redactAll(item, keep)) as T;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    keep.has(key) ? item : redactAll(item, keep),
  ]);
  return Object.fromEntries(entries) as T;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * For text that comes in pieces: what could be the beginning of a secret is kept back until the next piece, or the end,
 * tells. At the end of a line that takes as much as for a text that was cut, or a last letter would often come late.
 * `push` and `end` give what may be shown.
 */
export function redactor(): { readonly push: (piece: string) => string; readonly end: () => string } {
  let kept = '';
  return {
    push: (piece) => {
      if (byFirst.size === 0) return piece;
      const text = kept + piece;
      const { done, open } = scan(text, false);
      kept = text.slice(open);
      return done;
    },
    end: () => {
      const last = redact(kept);
      kept = '';
      return last;
    },
  };
}

/**
 * `open`: from there on the text could be the beginning of a secret; `done` is what comes before. Of the last piece of a
 * text nothing stays open.
 */
function scan(text: string, last: boolean): { readonly done: string; readonly open: number } {
  const enough = last || text.endsWith('\n') ? CUT : 0;
  let done = '';
  let from = 0;
  let at = 0;
  while (at < text.length) {
    const found = longest(byFirst.get(text.charCodeAt(at)), text, at);
    const isOpen = found?.end === undefined;
    if (found === undefined || (isOpen && found.parts < enough)) {
      at += 1;
      continue;
    }
    if (isOpen && !last) return { done: done + text.slice(from, at), open: at };
    done += text.slice(from, at) + found.known.shown;
    at = found.end ?? text.length;
    from = at;
  }
  return { done: done + text.slice(from), open: text.length };
}

type Found = { readonly known: Known; readonly end: number | undefined; readonly parts: number };

/** The longest secret that begins there; else the one of which most was read when the text ended. */
function longest(among: readonly Known[] | undefined, text: string, at: number): Found | undefined {
  let best: Found | undefined;
  for (const known of among ?? []) {
    const found = follow(known, text, at);
    if (found === undefined) continue;
    const better =
      best === undefined ||
      (found.end ?? 0) > (best.end ?? 0) ||
      (best.end === undefined && found.end === undefined && found.parts > best.parts);
    if (better) best = { known, ...found };
  }
  return best;
}

/** Reads one form from a place on, along all ways at once, since a backslash can be part of the text or an escape. */
function follow({ form, part }: Known, text: string, at: number): Omit<Found, 'known'> | undefined {
  let ends: ReadonlySet<number> = new Set([at]);
  let parts = -1;
  for (let index = part; index < form.length; index += 1) {
    const texts = form[index] ?? [];
    const next = new Set<number>();
    for (const end of ends)
      for (const one of texts) {
        if (text.startsWith(one, end)) next.add(end + one.length);
        else if (end + one.length > text.length && one.startsWith(text.slice(end))) parts = index - part;
      }
    if (next.size === 0) return parts < 0 ? undefined : { end: undefined, parts };
    ends = next;
  }
  return { end: Math.max(...ends), parts: form.length - part };
}
