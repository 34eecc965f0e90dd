import type { z } from 'zod';
import { nearest } from './did-you-mean.ts';

type Issue = z.core.$ZodIssue;

/** Says in a few words what is wrong with a value: `expected number, got string`. Reads best after the path of the value. */
export function explainIssue(issue: Issue, known: readonly string[] = []): string {
  switch (issue.code) {
    case 'invalid_type':
      if (!issue.message.startsWith('Invalid input')) return said(issue);
      if (issue.input === undefined) return `is not set (${people(issue.expected)})`;
      return `expected ${people(issue.expected)}, got ${typeName(issue.input)}`;
    case 'unrecognized_keys': {
      const near = nearest(issue.keys[0] ?? '', known);
      const names = issue.keys.map((key) => JSON.stringify(key)).join(', ');
      return `unknown key ${names}${near === undefined ? '' : `, did you mean "${near}"?`}`;
    }
    case 'invalid_value':
      if (!issue.message.startsWith('Invalid ')) return said(issue);
      if (issue.input === undefined) return `is not set (${oneOf(issue.values)})`;
      return `expected ${oneOf(issue.values)}, got ${describe(issue.input)}`;
    case 'invalid_union':
      return explainUnion(issue);
    default:
      return said(issue);
  }
}

/** The member of the union that fits but for details speaks, if there is one; else the union as a whole. */
function explainUnion(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  const inner = issue.errors
    .filter((branch) => branch.every((one) => one.path.length > 0))
    .sort((a, b) => a.length - b.length)[0]?.[0];
  if (inner !== undefined) return `${inner.path.map(String).join('.')}: ${explainIssue(inner)}`;
  if (issue.message !== 'Invalid input') return said(issue);
  const types = issue.errors.flatMap((branch) =>
    branch.flatMap((one) => (one.code === 'invalid_type' ? [people(one.expected)] : [])),
  );
  const wanted = [...new Set(types)].join(' or ');
  if (issue.input === undefined) return `is not set${wanted === '' ? '' : ` (${wanted})`}`;
  return `expected ${wanted === '' ? 'something else' : wanted}, got ${typeName(issue.input)}`;
}

function said(issue: Issue): string {
  const message = issue.message.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
  const expected = /^expected (.*)$/s.exec(message)?.[1];
  return expected !== undefined && 'input' in issue && issue.input === undefined
    ? `is not set (${expected})`
    : message;
}

/** `string`, `list`, `null`: what a person calls the type of a value. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

/** Short words for a value of unknown type; the text of a long one is left out. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? 'a text' : `"${value}"`;
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  const name = typeName(value);
  return `${/^[aou]/.test(name) ? 'an' : 'a'} ${name}`;
}

function people(type: string): string {
  return { array: 'list', int: 'whole number', record: 'object' }[type] ?? type;
}

function oneOf(values: readonly unknown[]): string {
  const names = values.map((value) => JSON.stringify(value)).join(', ');
  return values.length === 1 ? names : `one of ${names}`;
}
