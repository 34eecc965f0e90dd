import type { z } from 'zod';
import type { Json } from '../model/json.ts';
import { CODE } from './codes.ts';
import { type Fault, faultsOf, valueAt } from './issues.ts';
import { KNOWN_KEYS } from './schema.ts';
import type { ReadResult } from './yaml/read.ts';
import type { Path } from './yaml/source.ts';

export type Shaped<T> = {
  /** What is right of the file; `undefined` when too much is wrong for the rest to be judged. */
  readonly value: T | undefined;
  /** Places where something was wrong and is now left out. */
  readonly faulty: readonly Path[];
};

type Tree = { [key: string]: Json };
type Read = Extract<ReadResult, { ok: true }>;

const ROUNDS = 6;
const GROUP_KEYS = KNOWN_KEYS.get('a group') ?? [];

/**
 * Checks a file against its schema and reports all that is wrong. The wrong parts are then left out, so that the
 * rules behind the schema can still be tried on the rest and the person sees all problems at once.
 */
export function checkShape<T>(schema: z.ZodType<T>, read: Read, top: string): Shaped<T> {
  const value = structuredClone(read.value);
  const refused = new Set(read.refused.map((path) => JSON.stringify(path)));
  const faulty: Path[] = [...read.refused, ...read.doubled];
  for (let round = 0; round < ROUNDS; round++) {
    const result = schema.safeParse(value);
    if (result.success) return { value: faulty.some(isStructural) ? undefined : result.data, faulty };
    const faults = result.error.issues.flatMap((issue) => faultsOf(issue, value, top));
    if (round === 0) for (const fault of faults) report(fault, read, refused);
    faulty.push(...faults.map((fault) => fault.place.path));
    if (faulty.some(isStructural)) break;
    for (const fault of faults) prune(value, fault);
  }
  return { value: undefined, faulty };
}

function report(fault: Fault, read: Read, refused: ReadonlySet<string>): void {
  const { code, message, place, hint } = fault;
  const known = place.path.some((_, index) => refused.has(JSON.stringify(place.path.slice(0, index + 1))));
  if (!known) read.problems.add(() => read.source.problem(code, message, place, hint?.()));
}

/** Without these the names in the rest of the file mean nothing. */
function isStructural(path: Path): boolean {
  if (path.length <= 1) return true;
  if (path[0] === 'services') return path.length === 2;
  if (path[0] !== 'groups') return false;
  const key = String(path[2]);
  return path.length === 2 || key === 'hosts' || key === 'children' || !GROUP_KEYS.includes(key);
}

function prune(value: Json, fault: Fault): void {
  const { path } = fault.place;
  const index = path.findIndex((key) => typeof key === 'number');
  const whole = index === -1 ? path : path.slice(0, index);
  // A required key that is missing takes what should hold it along.
  const target = fault.code === CODE.missingKey ? whole.slice(0, -1) : whole;
  const key = target.at(-1);
  const parent = valueAt(value, target.slice(0, -1));
  if (typeof key !== 'string' || typeof parent !== 'object' || parent === null) return;
  if (target.length === 2 && target[0] === 'hosts') (parent as Tree)[key] = null;
  else delete (parent as Tree)[key];
}
