import type { Argv } from 'yargs';
import type { Args } from './args.ts';

type Known = { readonly getOptions: () => { readonly array: readonly string[] } };

/**
 * A flag that was given twice counts as it was given last, so that a wrapper's flags can be overridden. yargs makes a
 * list of both, which no command expects; its own setting for that would also cut the flags that are lists.
 */
export function lastWins(args: Args, y: Argv): Args {
  const lists = (y as unknown as Known).getOptions().array;
  const entries = Object.entries(args).map(([name, value]) => {
    const repeated = Array.isArray(value) && name !== '_' && !lists.includes(name);
    return [name, repeated ? value.at(-1) : value] as const;
  });
  return Object.fromEntries(entries);
}
