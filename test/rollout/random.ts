/** A small seeded generator (mulberry32), so that a failing run can be had again from its seed. */
export type Random = {
  readonly chance: (p: number) => boolean;
  /** 0 <= n < below */
  readonly below: (below: number) => number;
  readonly pick: <T>(from: readonly [T, ...T[]]) => T;
};

export function random(seed: number): Random {
  let a = seed | 0;
  const next = (): number => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return { chance: (p) => next() < p, below, pick: (from) => from[below(from.length)] ?? from[0] };
}
