import { z } from 'zod';
import type { Answer } from '../model/facts.ts';
import type { Change, HostOp, Query, ResourceKind, ResourceStep } from '../model/resource.ts';
import { checkOptions, optionProblem } from './options.ts';
import { resourceStep } from './step.ts';

/** A kind of resource of your own. All functions must be pure: what they need to know of the host they ask by `queries`. */
export type ResourceDefinition<S extends z.ZodType> = {
  /** `a-z`, `0-9` and `-`; the first half of a step's id. */
  readonly kind: string;
  readonly schema: S;
  /** `prepare`: before anything is disturbed. `activate`: under the guard, just before the host's first instance restarts. */
  readonly phase: 'prepare' | 'activate';
  readonly describe: (desired: z.output<S>) => string;
  /** Questions for the one observe call; `id` must begin every query's id. */
  readonly queries: (desired: z.output<S>, id: string) => readonly Query[];
  /** What differs; empty when nothing is to be done. Answers come in the order of the queries. */
  readonly diff: (desired: z.output<S>, answers: readonly Answer[]) => readonly Change[];
  readonly ops: (desired: z.output<S>, answers: readonly Answer[]) => readonly HostOp[];
  readonly irreversible?: (desired: z.output<S>) => string | undefined;
};

const names = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);

/**
 * Makes a factory for resources of your own kind.
 * @throws UsageError PD2130 when the definition, or later what a playbook passes, is wrong
 * @example
 * const timezone = defineResource({
 *   kind: 'timezone', schema: z.strictObject({ zone: z.string() }), phase: 'prepare',
 *   describe: (d) => `time zone ${d.zone}`,
 *   queries: (d, id) => [{ kind: 'path', id, path: '/etc/timezone', text: true }],
 *   diff: (d, [now]) => now?.kind === 'path' && now.text === `${d.zone}\n` ? [] : [{ field: 'zone', from: '', to: d.zone }],
 *   ops: (d) => [{ kind: 'file', path: '/etc/timezone', owner: 'root', group: 'root', mode: '0644', content: `${d.zone}\n` }],
 * });
 * timezone('utc', { zone: 'Etc/UTC' })
 */
export function defineResource<S extends z.ZodType>(
  definition: ResourceDefinition<S>,
): (name: string, desired: z.input<S>) => ResourceStep {
  const { schema, ...functions } = definition;
  if (!names.safeParse(definition.kind).success)
    throw optionProblem(
      'defineResource',
      `kind "${definition.kind}" is not a name such as "time-zone": a-z, 0-9 and -`,
    );
  for (const name of ['describe', 'queries', 'diff', 'ops'] as const)
    if (typeof definition[name] !== 'function')
      throw optionProblem('defineResource', `${name}: is not set (function)`);
  const resource: ResourceKind<z.output<S>> = functions;
  return (name, desired) => {
    if (!/^[^\s\p{Cc}]{1,200}$/u.test(name))
      throw optionProblem(definition.kind, 'the name must be 1 to 200 characters without spaces');
    return resourceStep(
      name,
      resource,
      checkOptions(definition.kind, schema as z.ZodType<z.output<S>>, desired),
    );
  };
}
