import type { Argv, Options } from 'yargs';

/** Names of options as yargs keeps them; it offers no other way to list what a command has defined. */
type Known = {
  readonly getOptions: () => {
    readonly key: { readonly [name: string]: unknown };
    readonly boolean: readonly string[];
    readonly array: readonly string[];
  };
};

/**
 * `PDEPLOY_LIMIT=eu` is `--limit eu` for every command that has the flag, and nothing for the others. yargs' own `.env()`
 * would refuse each variable that the command at hand does not know.
 */
export function withEnvironment(y: Argv, env: NodeJS.ProcessEnv): Argv {
  const options = (y as unknown as Known).getOptions();
  const given: { [name: string]: Options } = {};
  for (const name of Object.keys(options.key)) {
    const value = env[`PDEPLOY_${name.replaceAll('-', '_').toUpperCase()}`];
    if (value === undefined || value === '' || name === 'help' || name === 'version') continue;
    if (options.boolean.includes(name)) given[name] = { default: /^(1|true|yes)$/i.test(value) };
    else given[name] = { default: options.array.includes(name) ? [value] : value };
  }
  return y.options(given);
}
