import type { CommandModule } from 'yargs';
import { text } from '../args.ts';
import { fleetOptions } from '../options.ts';

export const secretsCommand: CommandModule = {
  command: 'secrets <action> [file]',
  describe: 'Make a key; encrypt, edit, re-encrypt and check files of secrets',
  builder: (y) =>
    fleetOptions(y)
      .positional('action', {
        choices: ['keygen', 'encrypt', 'edit', 'rekey', 'check'] as const,
        demandOption: true,
        describe: 'keygen: a key for you; encrypt and edit: one file; rekey and check: all of them',
      })
      .positional('file', {
        type: 'string',
        describe: 'prod for secrets/prod.yaml.age, or a path; encrypt takes the file in the clear',
      })
      .option('playbook', { type: 'string', describe: 'check: its secrets too, with -i' }),
  handler: async (args) => {
    const work = await import('../secrets.ts');
    const file = text(args, 'file');
    switch (args.action) {
      case 'keygen':
        return work.keygen();
      case 'encrypt':
        return work.encrypt(file);
      case 'edit':
        return work.edit(file);
      case 'rekey':
        return work.rekey();
      default:
        return work.check(args);
    }
  },
};
