/** Hosts one inventory can hold; also the most that one range can stand for. */
export const MAX_HOSTS = 10_000;

const RANGE = /\[([0-9]{1,9}|[A-Za-z]):([0-9]{1,9}|[A-Za-z])(?::([0-9]{1,9}))?\]/;

export type Expansion =
  | { readonly ok: true; readonly names: readonly string[] }
  | { readonly ok: false; readonly why: string; readonly hint?: string };

export function hasRange(text: string): boolean {
  return RANGE.test(text);
}

/** `edge-[01:03]` is edge-01, edge-02, edge-03; several ranges in one text multiply, the last running fastest. */
export function expandRange(text: string): Expansion {
  let names: readonly string[] = [''];
  let rest = text;
  for (let match = RANGE.exec(rest); match !== null; match = RANGE.exec(rest)) {
    const [whole, from = '', to = '', step = '1'] = match;
    const values = series(whole, from, to, Number(step), MAX_HOSTS / names.length);
    if (!values.ok) return values;
    const head = rest.slice(0, match.index);
    names = names.flatMap((prefix) => values.names.map((value) => prefix + head + value));
    rest = rest.slice(match.index + whole.length);
  }
  return { ok: true, names: names.map((prefix) => prefix + rest) };
}

function series(whole: string, from: string, to: string, step: number, most: number): Expansion {
  const numeric = /^\d/.test(from);
  if (numeric !== /^\d/.test(to)) return wrong(`the range ${whole} mixes a letter and a number`);
  if (step === 0) return wrong(`the range ${whole} has a step of 0`);
  if (numeric && from.length > 1 && from.startsWith('0') && from.length !== to.length) {
    const padded = `[${from.padStart(to.length, '0')}:${to.padStart(from.length, '0')}]`;
    return wrong(`the ends of the range ${whole} have different lengths`, `write ${padded}`);
  }
  if (!numeric && /[a-z]/.test(from) !== /[a-z]/.test(to))
    return wrong(`the range ${whole} mixes upper and lower case`);
  const first = numeric ? Number(from) : from.charCodeAt(0);
  const last = numeric ? Number(to) : to.charCodeAt(0);
  if (first > last) return wrong(`the range ${whole} runs backwards`, `write [${to}:${from}]`);
  const length = Math.floor((last - first) / step) + 1;
  if (length > most) return wrong(`the range ${whole} stands for too many hosts; the limit is ${MAX_HOSTS}`);
  const width = from.startsWith('0') ? from.length : 0;
  const value = (n: number) => (numeric ? String(n).padStart(width, '0') : String.fromCharCode(n));
  return { ok: true, names: Array.from({ length }, (_, i) => value(first + i * step)) };
}

function wrong(why: string, hint?: string): Expansion {
  return hint === undefined ? { ok: false, why } : { ok: false, why, hint };
}
