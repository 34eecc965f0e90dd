import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { nearest } from '../config/did-you-mean.ts';
import { UsageError } from '../errors.ts';
import { Secret } from '../util/secret.ts';

export type TemplateValue = string | number | boolean | Secret;

/** Text to be read from a file beside the playbook. */
export type Template = {
  readonly kind: 'template';
  readonly path: string;
  readonly vars: { readonly [name: string]: TemplateValue };
};

/**
 * Reads a file, relative to the playbook, and puts values where it says `{{ name }}`. Nothing else is special: no
 * loops, no conditions; write those in TypeScript. With a secret among the values the whole text is secret.
 * @throws UsageError PD2134, when used, if a name is unknown or a value is never used
 * @example template('edge.yaml', { port: portOf(instance, 'port') })
 */
export function template(path: string, vars: { readonly [name: string]: TemplateValue } = {}): Template {
  return { kind: 'template', path, vars };
}

export function isTemplate(value: unknown): value is Template {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'template';
}

/** Text as it is, or that of a template. */
export function renderContent(
  what: string,
  content: string | Secret | Template,
  directory = '.',
): string | Secret {
  if (!isTemplate(content)) return content;
  const file = resolve(directory, content.path);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw UsageError.of('PD2134', `${what}(): template ${content.path}: ${reason}`, `looked for ${file}`);
  }
  return substitute(text, content.path, content.vars);
}

/** Replaces `{{ name }}`; `path` names the template in messages. */
export function substitute(text: string, path: string, vars: Template['vars']): string | Secret {
  const values = new Map(Object.entries(vars));
  const unused = new Set(values.keys());
  const problems = new Set<string>();
  let secret = false;
  const rendered = text.replaceAll(/\{\{\s*(.*?)\s*\}\}/g, (_, name: string, offset: number) => {
    const value = values.get(name);
    if (value === undefined) {
      const near = nearest(name, values.keys());
      const line = text.slice(0, offset).split('\n').length;
      problems.add(
        `template ${path}:${line}: no value for "${name}"${near === undefined ? '' : `, did you mean "${near}"?`}`,
      );
      return '';
    }
    unused.delete(name);
    secret ||= value instanceof Secret;
    return value instanceof Secret ? value.reveal() : String(value);
  });
  for (const name of unused) problems.add(`template ${path}: the value "${name}" is used nowhere in it`);
  if (problems.size > 0) throw new UsageError([...problems].map((message) => ({ code: 'PD2134', message })));
  return secret ? Secret.around(path, rendered) : rendered;
}
