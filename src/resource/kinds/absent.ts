import { z } from 'zod';
import type { ResourceKind, ResourceStep } from '../../model/resource.ts';
import { hostPathField } from '../fields.ts';
import { checkOptions } from '../options.ts';
import { resourceStep } from '../step.ts';
import { pathAnswer } from './directory.ts';

export type AbsentOptions = { readonly path: string };

const schema: z.ZodType<AbsentOptions> = z.strictObject({ path: hostPathField });

export const absentKind: ResourceKind<AbsentOptions> = {
  kind: 'absent',
  phase: 'activate',
  describe: (absent) => `no file ${absent.path}`,
  queries: (absent, id) => [{ kind: 'path', id, path: absent.path, text: false }],
  diff: (absent, [answer]) =>
    pathAnswer(answer, 'file', absent.path) === undefined
      ? []
      : [{ field: 'state', from: 'file', to: 'absent' }],
  ops: (absent, answers) =>
    absentKind.diff(absent, answers).length === 0 ? [] : [{ kind: 'remove', path: absent.path }],
};

/**
 * Sees to it that a file is not there.
 * @example absent({ path: '/etc/nginx/sites-enabled/default' })
 */
export function absent(options: AbsentOptions): ResourceStep {
  const desired = checkOptions('absent', schema, options);
  return resourceStep(desired.path, absentKind, desired);
}
