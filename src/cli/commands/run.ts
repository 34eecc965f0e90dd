import type { CommandModule } from 'yargs';
import { text } from '../args.ts';
import { fleetOptions, outputOptions, planOptions, runOptions } from '../options.ts';
import { rollOut } from './rollout.ts';

export const runCommand: CommandModule = {
  command: 'run <playbook>',
  describe: 'Run any playbook',
  builder: (y) =>
    runOptions(outputOptions(planOptions(fleetOptions(y)), ['text', 'jsonl'])).positional('playbook', {
      type: 'string',
      describe: 'Name in playbooks/ or a path',
      demandOption: true,
    }),
  handler: async (args) => {
    await rollOut(args, text(args, 'playbook') ?? 'rollout');
  },
};
