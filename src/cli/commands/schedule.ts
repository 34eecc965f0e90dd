import type { CommandModule } from 'yargs';
import { UsageError } from '../../errors.ts';
import { JOBS } from '../../schedule/jobs.ts';
import { text, texts } from '../args.ts';
import { outputOptions } from '../options.ts';

export const scheduleCommand: CommandModule = {
  command: 'schedule <action> [job..]',
  describe: 'Run a command regularly on this machine, by a systemd timer',
  builder: (y) =>
    outputOptions(y, ['text', 'json'])
      .positional('action', {
        choices: ['install', 'list', 'remove', 'run', 'notify'] as const,
        demandOption: true,
        describe: 'run and notify are what the timer starts',
      })
      .positional('job', { type: 'string', array: true, describe: JOBS.map((job) => job.name).join(', ') })
      .option('inventory', { alias: 'i', type: 'string', describe: 'Name in inventories/' })
      .option('every', { type: 'string', describe: 'install: how often, e.g. 30m, 12h, 1d, 7d' })
      .option('identity', { type: 'string', describe: 'install: private key file to log in with' })
      .option('age-key', { type: 'string', describe: 'install: age key file to open secrets with' })
      .option('user', {
        type: 'string',
        describe: 'install: who it runs as; default: the owner of the project',
      })
      .epilogue(JOBS.map((job) => `${job.name}: ${job.what}`).join('\n')),
  handler: async (args) => {
    if (args.action === 'list') return (await import('../schedule-list.ts')).list(args);
    const name = texts(args, 'job').join(' ');
    const job = JOBS.find((one) => one.name === name);
    if (job === undefined)
      throw UsageError.of(
        'PD2250',
        name === '' ? 'which job?' : `"${name}" is no job that can be scheduled`,
        `one of ${JOBS.map((one) => one.name).join(', ')}`,
      );
    const inventory = text(args, 'inventory');
    if (inventory === undefined || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(inventory))
      throw UsageError.of('PD2222', 'which inventory?', '-i NAME, as in inventories/NAME.yaml');
    switch (args.action) {
      case 'install':
        return (await import('../schedule-install.ts')).install(args, job, inventory);
      case 'remove':
        return (await import('../schedule-install.ts')).remove(job, inventory);
      case 'run':
        return (await import('../schedule-run.ts')).run(job, inventory);
      default:
        return (await import('../schedule-run.ts')).notify(job, inventory);
    }
  },
};
