import { nearest } from '../config/did-you-mean.ts';
import { describe } from '../config/explain-issue.ts';
import { UsageError } from '../errors.ts';
import type { Instance } from '../model/host.ts';
import { Secret } from '../util/secret.ts';

/**
 * A secret from the variables of an instance, `!secret NAME` in the inventory.
 * @throws UsageError PD2140 when it is missing or not a secret
 * @example secretOf(instance, 'db_password')
 */
export function secretOf(instance: Instance, name: string): Secret {
  const value: unknown = instance.vars.get(name);
  if (value instanceof Secret) return value;
  if (value !== undefined && value !== null)
    throw UsageError.of(
      'PD2140',
      `${name} of ${instance.id}: expected a secret, got ${typeof value === 'string' ? 'a text' : describe(value)}`,
      'write it as !secret NAME, and its text where NAME is looked for: docs/secrets.md',
    );
  const near = nearest(name, instance.vars.keys());
  throw UsageError.of(
    'PD2140',
    `${name} of ${instance.id} is not set`,
    near === undefined ? 'set it in the inventory, under the instance' : `did you mean "${near}"?`,
  );
}
