import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RefusedError } from '../errors.ts';
import type { HookRunner } from '../execute/hooks.ts';

const INSTALLATION = fileURLToPath(new URL('../..', import.meta.url));

/** As a person in the project would write it; a playbook that comes with pdeploy says so. */
export function shownPath(project: string, file: string): string {
  const inside = relative(project, file);
  if (!inside.startsWith('..')) return inside;
  const shipped = relative(INSTALLATION, file);
  return shipped.startsWith('..') ? file : `${shipped} of pdeploy`;
}

export async function beforePlan(hooks: HookRunner): Promise<void> {
  const done = await hooks('beforePlan', {});
  if (done === undefined || done.ok) return;
  throw new RefusedError('PD3050', `the hook beforePlan failed: ${done.output.split('\n').at(-1) ?? ''}`);
}
