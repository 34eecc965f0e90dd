/** The candidate a person most likely meant, or `undefined` when none is near. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  const shape = wanted.replace(/\d+/g, '#');
  let best: string | undefined;
  let limit = Math.min(3, Math.floor(name.length / 3));
  for (const original of candidates) {
    const candidate = original.toLowerCase();
    if (sameNumbers(wanted, candidate) || candidate === wanted) return original;
    const d = distance(wanted, candidate, shape, limit);
    if (d <= limit) [best, limit] = [original, d - 1];
  }
  return best;
}

/** `did you mean "port"?`, or nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(name, candidates);
  return found === undefined ? undefined : `did you mean "${found}"?`;
}

/** `edge-1` and `edge-01`: the same name but for padding. */
function sameNumbers(a: string, b: string): boolean {
  return a.length !== b.length && a[0] === b[0] && unpadded(a) === unpadded(b);
}

/** Equal for names that differ in padding or case only. */
export function unpadded(name: string): string {
  return name.toLowerCase().replace(/\d+/g, (digits) => digits.replace(/^0+(?=\d)/, ''));
}

function distance(wanted: string, candidate: string, shape: string, limit: number): number {
  if (contains(candidate, wanted)) return 1;
  if (Math.abs(candidate.length - wanted.length) > limit) return Number.POSITIVE_INFINITY;
  const edits = editDistance(wanted, candidate, limit);
  // Numbered names all look alike: edge-21 is not a slip for edge-20.
  const numbered = edits <= limit && /\d/.test(wanted) && candidate.replace(/\d+/g, '#') === shape;
  return numbered ? Number.POSITIVE_INFINITY : edits;
}

/** `til` for `until`, `addr` for `address`; not the group `edge` for every host of it. */
function contains(candidate: string, wanted: string): boolean {
  return wanted.length >= 3 && wanted.length * 2 >= candidate.length && candidate.includes(wanted);
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment); infinite as soon as it is
 * clear that there are more than `limit`.
 */
export function editDistance(a: string, b: string, limit = Number.POSITIVE_INFINITY): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const diagonal = previous[j - 1] ?? 0;
      let cost = Math.min(
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        diagonal + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return Number.POSITIVE_INFINITY;
    [before, previous] = [previous, row];
  }
  return previous[b.length] ?? 0;
}
