import { resolve } from 'node:path';
import type { Problem } from '../errors.ts';
import type { Json, Vars } from '../model/json.ts';
import { CODE } from './codes.ts';
import { VAR_NAME } from './names.ts';
import { show } from './show.ts';
import { readTextFile } from './text-file.ts';
import { mergeVars, NO_VARS } from './vars.ts';

export type ExtraVarsResult =
  | { readonly ok: true; readonly vars: Vars }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Variables of `-e`: each `name=value` or `@file.yaml`, later ones win. A value that is one plain YAML scalar, a quoted
 * text or a list or mapping in brackets means what it means in YAML; any other is the text itself.
 */
export async function parseExtraVars(args: readonly string[], cwd: string): Promise<ExtraVarsResult> {
  if (args.length === 0) return { ok: true, vars: NO_VARS };
  const problems: Problem[] = [];
  let vars = NO_VARS;
  for (const arg of args) {
    const result = await (arg.startsWith('@') ? fromFile(arg.slice(1), cwd) : fromPair(arg));
    if (result.ok) vars = mergeVars(vars, result.vars);
    else problems.push(...result.problems);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, vars };
}

async function fromFile(file: string, cwd: string): Promise<ExtraVarsResult> {
  const text = await readTextFile(resolve(cwd, file), file);
  if (!text.ok) return { ok: false, problems: [text.problem] };
  const [{ readYaml }, { checkShape }, { varsSchema }] = await Promise.all([
    import('./yaml/read.ts'),
    import('./shape.ts'),
    import('./schema.ts'),
  ]);
  const read = readYaml(text.text, file, (path) => path.length > 0);
  if (!read.ok) return read;
  if (read.value === null && read.problems.count() === 0) return { ok: true, vars: NO_VARS };
  const { value } = checkShape(varsSchema, read, 'a file of variables');
  if (value === undefined || value === null || read.problems.count() > 0) {
    return { ok: false, problems: read.problems.list() };
  }
  return { ok: true, vars: new Map(Object.entries(value)) };
}

async function fromPair(arg: string): Promise<ExtraVarsResult> {
  const equals = arg.indexOf('=');
  const name = equals === -1 ? arg : arg.slice(0, equals);
  if (equals === -1) return failed(`${show(arg)} is not a variable`, 'write -e name=value or -e @file.yaml');
  if (!VAR_NAME.test(name) || name === '__proto__')
    return failed(`${show(name)} is not a name for a variable`);
  const { readValue } = await import('./yaml/value.ts');
  const value: Json | undefined = readValue(arg.slice(equals + 1));
  if (value === undefined) return failed(`the value of ${name} is not valid YAML`, 'put text in quotes');
  return { ok: true, vars: new Map([[name, value]]) };
}

function failed(message: string, hint?: string): ExtraVarsResult {
  const problem = { code: CODE.extraVar, message };
  return { ok: false, problems: [hint === undefined ? problem : { ...problem, hint }] };
}
