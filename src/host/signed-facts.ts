/** What a trusted comment says of a binary: `service=edge version=1.4.2 target=x86_64 sha256=<64 hex digits>`. */
export type SignedFacts = {
  readonly service: string;
  readonly version: string;
  /** As `uname -m` says it, maybe with more after a `-`: `x86_64-unknown-linux-gnu`. */
  readonly target: string;
  readonly sha256: string;
};

const FACTS: ReadonlyMap<keyof SignedFacts, RegExp> = new Map([
  ['service', /^[a-z][a-z0-9-]{0,31}$/],
  ['version', /^(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){0,7}$/],
  ['target', /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/],
  ['sha256', /^[0-9a-f]{64}$/],
]);

/** The facts in a trusted comment, or what is wrong with it in words. Other words in it are left alone. */
export function parseSignedFacts(comment: string): SignedFacts | string {
  const found = new Map<string, string>();
  for (const word of comment.split(/[ \t]+/)) {
    const name = word.slice(0, Math.max(0, word.indexOf('='))) as keyof SignedFacts;
    const form = FACTS.get(name);
    if (form === undefined) continue;
    const value = word.slice(name.length + 1);
    if (found.has(name)) return `its trusted comment says ${name} twice`;
    if (!form.test(value)) return `its trusted comment has no ${name} of the right form`;
    found.set(name, value);
  }
  const missing = [...FACTS.keys()].filter((name) => !found.has(name));
  if (missing.length > 0) return `its trusted comment does not say ${missing.join(', ')}`;
  return Object.fromEntries(found) as SignedFacts;
}

/** The processor of a target: `x86_64` of `x86_64-unknown-linux-gnu`. */
export function targetMachine(target: string): string {
  return target.split('-')[0] ?? '';
}

/** Dotted numbers, part by part; what is missing counts as 0. */
export function isOlder(a: string, b: string): boolean {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(x?.length ?? 0, y?.length ?? 0); i += 1) {
    const difference = (x?.[i] ?? 0) - (y?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
