import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearest } from '../config/did-you-mean.ts';
import { UsageError } from '../errors.ts';

const SHIPPED = fileURLToPath(new URL('../../playbooks/', import.meta.url));

/**
 * The file of a playbook: a path when `name` is one, else `playbooks/NAME.ts` in the working directory or one above
 * it, else the one that comes with pdeploy.
 * @returns absolute path
 * @throws UsageError PD2101 with the names there are
 */
export function findPlaybook(name: string, cwd: string = process.cwd()): string {
  if (/[/\\]|\.[mc]?ts$/.test(name)) {
    const file = resolve(cwd, name);
    if (existsSync(file)) return file;
    throw UsageError.of('PD2101', `there is no playbook ${name}`, `looked for ${file}`);
  }
  const folders = [...upward(cwd).map((dir) => join(dir, 'playbooks')), SHIPPED];
  for (const folder of folders) {
    const file = join(folder, `${name}.ts`);
    if (existsSync(file)) return file;
  }
  const names = playbookNames(cwd);
  const near = nearest(name, names);
  throw UsageError.of(
    'PD2101',
    `there is no playbook "${name}"${near === undefined ? '' : `, did you mean "${near}"?`}`,
    `there are: ${names.join(', ')}`,
  );
}

/** Names that findPlaybook knows, sorted. */
export function playbookNames(cwd: string = process.cwd()): readonly string[] {
  const folders = [...upward(cwd).map((dir) => join(dir, 'playbooks')), SHIPPED];
  const files = folders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  return [...new Set(files.flatMap((file) => /^([a-z][a-z0-9-]*)\.ts$/.exec(file)?.[1] ?? []))].sort(
    (a, b) => (a < b ? -1 : 1),
  );
}

function upward(dir: string): readonly string[] {
  const start = resolve(dir);
  const parent = dirname(start);
  return parent === start ? [start] : [start, ...upward(parent)];
}
