import type { Argv } from 'yargs';

const GROUP = 'Bootstrap:';

/** Flags of `hosts bootstrap`. */
export function bootstrapOptions(y: Argv): Argv {
  return y
    .option('key', { type: 'string', describe: 'Public key file of the deploy login', group: GROUP })
    .option('user', {
      type: 'string',
      default: 'pdeploy',
      describe: 'Name of the deploy login',
      group: GROUP,
    })
    .option('policy', {
      choices: ['deploy', 'host'] as const,
      default: 'deploy',
      describe: 'deploy: releases of named services; host: everything',
      group: GROUP,
    })
    .option('service', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'A service that the login may deploy (all of the host)',
      group: GROUP,
    })
    .option('from', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'An address that the key may be used from, such as 192.0.2.0/24',
      group: GROUP,
    })
    .option('as', {
      type: 'string',
      describe: 'Log in as this user instead of the inventory’s',
      group: GROUP,
    })
    .option('identity', { type: 'string', describe: 'With this private key', group: GROUP })
    .option('check', {
      alias: 'C',
      type: 'boolean',
      default: false,
      describe: 'Show what would change, change nothing',
      group: GROUP,
    });
}
