import { z } from 'zod';
import { RefusedError } from '../../errors.ts';
import type { Answer } from '../../model/facts.ts';
import type { Change, ResourceKind, ResourceStep } from '../../model/resource.ts';
import { hostPathField, modeField, userField } from '../fields.ts';
import { checkOptions } from '../options.ts';
import { resourceStep } from '../step.ts';

export type DirectoryOptions = {
  readonly path: string;
  /** Default: `root`. */
  readonly owner?: string | undefined;
  /** Default: the owner's name. */
  readonly group?: string | undefined;
  /** Default: `0755`. */
  readonly mode?: string | undefined;
};

export type Directory = {
  readonly path: string;
  readonly owner: string;
  readonly group: string;
  readonly mode: string;
};

const schema: z.ZodType<Directory, DirectoryOptions> = z
  .strictObject({
    path: hostPathField,
    owner: userField.default('root'),
    group: userField.optional(),
    mode: modeField.default('0755'),
  })
  .transform((d) => ({ ...d, group: d.group ?? d.owner }));

export const directoryKind: ResourceKind<Directory> = {
  kind: 'directory',
  phase: 'prepare',
  describe: (d) => `directory ${d.path}`,
  queries: (d, id) => [{ kind: 'path', id, path: d.path, text: false }],
  diff: (d, [answer]) => {
    const found = pathAnswer(answer, 'directory', d.path);
    if (found === undefined)
      return [{ field: 'state', from: 'absent', to: `directory ${d.mode} ${d.owner}:${d.group}` }];
    return attributeChanges(d, found);
  },
  ops: (d, answers) => (directoryKind.diff(d, answers).length === 0 ? [] : [{ kind: 'directory', ...d }]),
};

/** Owner, group and mode, where they differ. */
export function attributeChanges(
  desired: Omit<Directory, 'path'>,
  found: Extract<Answer, { kind: 'path' }>,
): readonly Change[] {
  const mode = found.mode.padStart(4, '0');
  const changes: Change[] = [];
  if (found.owner !== desired.owner) changes.push({ field: 'owner', from: found.owner, to: desired.owner });
  if (found.group !== desired.group) changes.push({ field: 'group', from: found.group, to: desired.group });
  if (mode !== desired.mode) changes.push({ field: 'mode', from: mode, to: desired.mode });
  return changes;
}

/**
 * What lies at a path, `undefined` when nothing does.
 * @throws RefusedError PD3041 when something of another type is in the way: pdeploy does not remove what it did not make
 */
export function pathAnswer(
  answer: Answer | undefined,
  type: 'file' | 'directory',
  path: string,
): Extract<Answer, { kind: 'path' }> | undefined {
  if (answer?.kind !== 'path') return undefined;
  if (answer.type === type) return answer;
  const what =
    answer.type === 'link'
      ? 'a symbolic link'
      : answer.type === 'other'
        ? 'a special file'
        : `a ${answer.type}`;
  throw new RefusedError('PD3041', `${path} is ${what} on the host, the playbook wants a ${type}`, {
    hint: 'move it away, or name another path in the playbook',
  });
}

/**
 * A directory; its parents are made as they are needed, owned by root.
 * @example directory({ path: '/var/log/edge', owner: 'edge', mode: '0750' })
 */
export function directory(options: DirectoryOptions): ResourceStep {
  const desired = checkOptions('directory', schema, options);
  return resourceStep(desired.path, directoryKind, desired);
}
