import { z } from 'zod';
import type { ResourceKind, ResourceStep } from '../../model/resource.ts';
import { hostPathField, userField } from '../fields.ts';
import { checkOptions } from '../options.ts';
import { resourceStep } from '../step.ts';

export type UserOptions = {
  readonly name: string;
  /** Default: `/nonexistent`. It is not created. */
  readonly home?: string | undefined;
  /** Default: `/usr/sbin/nologin`. */
  readonly shell?: string | undefined;
  readonly comment?: string | undefined;
};

type User = {
  readonly name: string;
  readonly home: string;
  readonly shell: string;
  readonly comment: string;
};

const schema: z.ZodType<User, UserOptions> = z.strictObject({
  name: userField,
  home: hostPathField.default('/nonexistent'),
  shell: hostPathField.default('/usr/sbin/nologin'),
  comment: z
    .string()
    .regex(/^[ !#-9;-[\]-~]*$/, 'must be ASCII without colons, quotes and backslashes')
    .default(''),
});

export const userKind: ResourceKind<User> = {
  kind: 'user',
  phase: 'prepare',
  describe: (user) => `system user ${user.name}`,
  queries: (user, id) => [{ kind: 'user', id, name: user.name }],
  // systemd-sysusers never alters a user that exists, and neither should a deployment.
  diff: (user, [answer]) =>
    answer?.kind === 'user'
      ? []
      : [{ field: 'state', from: 'absent', to: `system user, shell ${user.shell}` }],
  ops: (user, [answer]) => (answer?.kind === 'user' ? [] : [{ kind: 'user', ...user }]),
};

/**
 * A system user without password and login, made through `/etc/sysusers.d`. One that exists is left as it is.
 * @example user({ name: 'edge' })
 */
export function user(options: UserOptions): ResourceStep {
  const desired = checkOptions('user', schema, options);
  return resourceStep(desired.name, userKind, desired);
}
