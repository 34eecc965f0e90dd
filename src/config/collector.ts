import type { Problem } from '../errors.ts';
import { CODE } from './codes.ts';

const MAX = 100;

/** Gathers problems. Beyond `max` they are only counted: nobody reads them, and a hostile file has millions. */
export type Collector = {
  readonly add: (make: () => Problem) => void;
  readonly count: () => number;
  /** Everything added so far, in the order of the file. */
  readonly list: () => readonly Problem[];
};

export function collector(max = MAX): Collector {
  const kept: Problem[] = [];
  let total = 0;
  return {
    add: (make) => {
      total++;
      if (kept.length < max) kept.push(make());
    },
    count: () => total,
    list: () => {
      const sorted = kept.toSorted(byPosition);
      if (total === kept.length) return sorted;
      return [...sorted, { code: CODE.more, message: `and ${total - kept.length} more problems` }];
    },
  };
}

function byPosition(a: Problem, b: Problem): number {
  if (a.at === undefined || b.at === undefined)
    return Number(a.at !== undefined) - Number(b.at !== undefined);
  return a.at.line - b.at.line || a.at.col - b.at.col;
}
