import { nearest } from '../config/did-you-mean.ts';
import { describe } from '../config/explain-issue.ts';
import { UsageError } from '../errors.ts';
import type { Instance } from '../model/host.ts';

/**
 * A port from the variables of an instance.
 * @throws UsageError PD2135 when it is missing or not a port
 * @example portOf(instance, 'admin_port')
 */
export function portOf(instance: Instance, name: string): number {
  const value = instance.vars.get(name);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  if (value !== undefined && value !== null)
    throw UsageError.of(
      'PD2135',
      `${name} of ${instance.id}: expected a port from 1 to 65535, got ${describe(value)}`,
    );
  const near = nearest(name, instance.vars.keys());
  throw UsageError.of(
    'PD2135',
    `${name} of ${instance.id} is not set`,
    near === undefined ? 'set it in the inventory, under the instance' : `did you mean "${near}"?`,
  );
}
