import { type Problem, UsageError } from '../errors.ts';

/** Flags as yargs gives them. */
export type Args = { readonly [name: string]: unknown };

export function text(args: Args, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function texts(args: Args, name: string): readonly string[] {
  const value = args[name];
  return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
}

export function wholeNumber(args: Args, name: string, otherwise: number): number {
  const value = text(args, name);
  if (value === undefined) return otherwise;
  if (/^[1-9]\d{0,4}$/.test(value)) return Number(value);
  const problem: Problem = { code: 'PD2210', message: `--${name} ${value}: expected a whole number above 0` };
  throw new UsageError([problem]);
}
