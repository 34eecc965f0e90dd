import type { z } from 'zod';
import { CODE } from './codes.ts';
import { didYouMean } from './did-you-mean.ts';
import { KNOWN_KEYS } from './schema.ts';
import { show } from './show.ts';
import type { Path, Place } from './yaml/source.ts';

export type Fault = {
  readonly code: string;
  readonly message: string;
  readonly place: Place;
  /** Only worked out for what is printed. */
  readonly hint?: () => string | undefined;
};

type Issue = z.core.$ZodIssue;

/** What other tools call things. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['ansible_host', 'address'],
  ['ansible_port', 'port'],
  ['ansible_user', 'user'],
  ['ansible_ssh_private_key_file', 'identity'],
  ['hostname', 'address'],
  ['ip', 'address'],
  ['key', 'identity'],
  ['identity_file', 'identity'],
  ['bastion', 'jump'],
  ['proxy_jump', 'jump'],
]);

/** What zod found, in the words of pdeploy: one fault for each wrong place. `top` names the whole file. */
export function faultsOf(issue: Issue, value: unknown, top: string): readonly Fault[] {
  const path = issue.path as Path;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, top));
    case 'invalid_key':
      return [badName(path.at(-1), issue.issues[0]?.message ?? 'is not a name', { path, side: 'key' })];
    case 'invalid_union': {
      const nearer = issue.errors.find((issues) =>
        issues.some((inner) => inner.path.length > 0 || isName(inner)),
      );
      if (nearer === undefined) return [wrongValue(issue, path, value, top)];
      return nearer.flatMap((inner) => faultsOf({ ...inner, path: [...path, ...inner.path] }, value, top));
    }
    default:
      return [wrongValue(issue, path, value, top)];
  }
}

/** The value at `path`; `undefined` when there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, key)) return undefined;
    return (inner as Record<string | number, unknown>)[key];
  }, value);
}

function isName(issue: Issue): boolean {
  return issue.code === 'invalid_format';
}

function unknownKey(key: string, path: Path, top: string): Fault {
  const where = nounOf(path, top);
  const known = KNOWN_KEYS.get(where) ?? [];
  const synonym = SYNONYMS.get(key);
  const hint = () =>
    synonym !== undefined && known.includes(synonym) ? `did you mean "${synonym}"?` : didYouMean(key, known);
  const message = `unknown key ${show(key)} in ${where}`;
  return { code: CODE.unknownKey, message, place: { path: [...path, key], side: 'key' }, hint };
}

function wrongValue(issue: Issue, path: Path, whole: unknown, top: string): Fault {
  const value = valueAt(whole, path);
  const label = labelOf(path, top);
  if (value === undefined) {
    const message = `${label} is missing in ${nounOf(path.slice(0, -1), top)}`;
    return { code: CODE.missingKey, message, place: { path, side: 'key' } };
  }
  if (issue.message.startsWith('is not')) return badName(value, issue.message, { path });
  return { code: CODE.wrongValue, message: `${label} ${issue.message}, not ${show(value)}`, place: { path } };
}

/** The schema writes `is not a name for a service: which letters`; what follows the colon is the hint. */
function badName(value: unknown, rule: string, place: Place): Fault {
  const [what, hint] = rule.split(': ');
  return { code: CODE.badName, message: `${show(value)} ${what}`, place, hint: () => hint };
}

function nounOf(path: Path, top: string): string {
  if (path.length === 0) return top;
  if (path.at(-1) === 'cordon') return 'a cordon';
  switch (path[0]) {
    case 'groups':
      return 'a group';
    case 'hosts':
      return 'a host';
    case 'services':
      return 'a service';
    default:
      return String(path[0]);
  }
}

function labelOf(path: Path, top: string): string {
  const last = path.at(-1);
  if (last === undefined) return top;
  return typeof last === 'number' ? `${String(path.at(-2))}[${last}]` : last;
}
