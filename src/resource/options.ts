import type { z } from 'zod';
import { explainIssue } from '../config/explain-issue.ts';
import { UsageError } from '../errors.ts';

/**
 * Checks what a playbook passed to a factory; playbooks are loaded without type checking, so that types alone do not protect.
 * @param what name of the factory, the first word of every message
 * @throws UsageError PD2130
 */
export function checkOptions<T>(what: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const who = what.includes(' ') ? what : `${what}()`;
  throw new UsageError(
    parsed.error.issues.map((issue) => {
      const path = issue.path.map(String).join('.');
      const said = explainIssue(issue, keysOf(schema));
      return { code: 'PD2130', message: `${who}: ${path === '' ? '' : `${path}: `}${said}` };
    }),
  );
}

/** One problem of a factory that its schema cannot express. */
export function optionProblem(what: string, message: string, hint?: string): UsageError {
  return UsageError.of('PD2130', `${what}(): ${message}`, hint);
}

function keysOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  if ('shape' in schema) return Object.keys(schema.shape as object);
  return 'in' in schema ? keysOf(schema.in) : [];
}
