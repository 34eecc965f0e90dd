import { z } from 'zod';
import type { HostOp, ResourceKind, ResourceStep } from '../../model/resource.ts';
import { argvField } from '../fields.ts';
import { checkOptions } from '../options.ts';
import { resourceStep } from '../step.ts';
import type { Phase } from './file.ts';

/** Either the command that takes it back, or why none can. */
type Undo =
  | { readonly revert: readonly string[]; readonly irreversible?: undefined }
  | { readonly irreversible: string; readonly revert?: undefined };

export type CommandOptions = {
  readonly name: string;
  /** Program and arguments; no shell takes part. */
  readonly argv: readonly string[];
  /** Ends with 0 when there is nothing to do. Runs at every plan, hence must change nothing. */
  readonly unless: readonly string[];
  /** Default: `activate`. */
  readonly phase?: Phase | undefined;
} & Undo;

export type Command = {
  readonly name: string;
  readonly argv: readonly string[];
  readonly unless: readonly string[];
  readonly revert: readonly string[] | undefined;
  readonly irreversible: string | undefined;
};

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'expected a name such as "reload-nginx": a-z, 0-9 and -'),
    argv: argvField,
    unless: argvField,
    revert: argvField.optional(),
    irreversible: z.string().min(1, 'say why it cannot be undone').optional(),
    phase: z.enum(['prepare', 'activate']).default('activate'),
  })
  .refine((c) => (c.revert === undefined) !== (c.irreversible === undefined), {
    error:
      "needs either revert: [...], the command that undoes it, or irreversible: 'why it cannot be undone'",
  });

const kinds: { readonly [P in Phase]: ResourceKind<Command> } = {
  prepare: commandKind('prepare'),
  activate: commandKind('activate'),
};

export function commandKind(phase: Phase): ResourceKind<Command> {
  return {
    kind: 'command',
    phase,
    describe: (command) => `command ${command.name}`,
    queries: (command, id) => [{ kind: 'exec', id, argv: command.unless }],
    diff: (command, [answer]) =>
      done(answer) ? [] : [{ field: 'run', from: '', to: command.argv.join(' ') }],
    ops: (command, [answer]) => {
      if (done(answer)) return [];
      const op: HostOp = { kind: 'command', argv: command.argv };
      return [command.revert === undefined ? op : { ...op, revert: command.revert }];
    },
    irreversible: (command) => command.irreversible,
  };
}

function done(answer: { readonly kind: string; readonly code?: number } | undefined): boolean {
  return answer?.kind === 'exit' && answer.code === 0;
}

/**
 * A program to run on the host when `unless` does not end with 0.
 * @example command({ name: 'mount-data', argv: ['mount', '/data'], unless: ['mountpoint', '-q', '/data'], revert: ['umount', '/data'] })
 */
export function command(options: CommandOptions): ResourceStep {
  const { phase, ...rest } = checkOptions('command', schema, options);
  return resourceStep(rest.name, kinds[phase], {
    ...rest,
    revert: rest.revert,
    irreversible: rest.irreversible,
  });
}
