import type yargs from 'yargs';
import type { Argv, CommandModule } from 'yargs';
import { EXIT, UsageError } from '../errors.ts';
import { withEnvironment } from './environment.ts';
import { guardOutput } from './guard-output.ts';
import { handleError } from './handle-error.ts';
import { surviveLostOutput } from './io.ts';
import { loadYargs } from './load-yargs.ts';
import { COMMANDS, type Entry } from './registry.ts';
import { lastWins } from './repeated.ts';
import { VERSION } from './version.ts';

/** Runs one command line and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  guardOutput();
  surviveLostOutput();
  try {
    await parser(await loadYargs(), argv).parseAsync();
  } catch (error) {
    process.exitCode = handleError(error, argv.includes('--debug'));
  }
}

function parser(create: typeof yargs, argv: readonly string[]): Argv {
  const y = create([...argv])
    .scriptName('pdeploy')
    .usage('pdeploy rolls a release out to a fleet over SSH and systemd, and back.\n\nUsage: $0 <command>')
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'camel-case-expansion': false,
    })
    .version(VERSION)
    .help('help')
    .alias('help', 'h')
    .option('debug', {
      type: 'boolean',
      default: false,
      describe: 'Show the stack of an error',
      global: true,
      hidden: true,
    })
    .option('color', {
      type: 'boolean',
      describe: 'Colours on a terminal; --no-color turns them off',
      global: true,
      hidden: true,
    })
    .completion('completion', 'Print the completion script of your shell')
    .recommendCommands()
    .demandCommand(1, 'Which command? pdeploy --help lists them.')
    .strict()
    .wrap(Math.min(110, process.stdout.columns ?? 100))
    .epilogue('Start: pdeploy init, then pdeploy plan -i NAME, then pdeploy rollout -i NAME')
    .fail((message, error) => {
      throw error ?? UsageError.of('PD2202', message, 'pdeploy --help');
    });
  for (const entry of COMMANDS) y.command(lazy(entry));
  return y;
}

function lazy(entry: Entry): CommandModule {
  let loaded: CommandModule | undefined;
  let options: Argv | undefined;
  return {
    command: entry.usage,
    describe: entry.describe,
    builder: async (y) => {
      loaded = await entry.load();
      const build = loaded.builder;
      const built = typeof build === 'function' ? await build(y) : y.options(build ?? {});
      options = withEnvironment(built, process.env);
      return options;
    },
    handler: async (args) => {
      process.exitCode ??= EXIT.done;
      if (args.color === false) process.env.NO_COLOR = '1';
      const given = options === undefined ? args : { ...args, ...lastWins(args, options) };
      await (loaded ?? (await entry.load())).handler(given);
    },
  };
}
