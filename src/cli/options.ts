import type { Argv } from 'yargs';

/** Flags of commands that look at a fleet. */
export function fleetOptions(y: Argv): Argv {
  return y
    .option('inventory', {
      alias: 'i',
      type: 'string',
      describe: 'Name in inventories/ or a path',
      group: 'Fleet:',
    })
    .option('limit', {
      alias: 'l',
      type: 'string',
      describe: "Only these: 'edge:&eu:!edge-3', globs, edge-03@1",
      group: 'Fleet:',
    })
    .option('service', { type: 'string', describe: 'Which service, when there are several', group: 'Fleet:' })
    .option('forks', {
      alias: 'f',
      type: 'string',
      describe: 'Hosts worked on at once while preparing (20)',
      group: 'Fleet:',
    })
    .option('accept-new', {
      type: 'boolean',
      default: false,
      describe: 'Record unknown host keys (a changed one is always refused)',
      group: 'Fleet:',
    });
}

export function outputOptions(y: Argv, choices: readonly string[]): Argv {
  return y
    .option('output', {
      alias: 'o',
      choices,
      default: choices[0],
      describe: 'Form of what is printed',
      group: 'Output:',
    })
    .option('quiet', {
      alias: 'q',
      type: 'boolean',
      default: false,
      describe: 'Only errors and the result',
      group: 'Output:',
    });
}

/** Flags of commands that make a plan. */
export function planOptions(y: Argv): Argv {
  return y
    .option('playbook', { type: 'string', describe: 'Name in playbooks/ or a path', group: 'Release:' })
    .option('release', {
      type: 'string',
      describe: 'Label of the release; default: git describe',
      group: 'Release:',
    })
    .option('var', {
      alias: 'e',
      type: 'string',
      array: true,
      describe: 'key=value or @file.yaml; beats the inventory',
      group: 'Release:',
      nargs: 1,
    })
    .option('allow-downgrade', {
      type: 'boolean',
      default: false,
      describe: 'Take a signed version older than one that was proven',
      group: 'Release:',
    })
    .option('diff', {
      alias: 'D',
      type: 'boolean',
      default: false,
      describe: 'Show differences of texts',
      group: 'Output:',
    })
    .option('wave', { type: 'string', describe: 'Wave sizes: 1, 25%, or a ramp 1,5,20%', group: 'Strategy:' })
    .option('canary', {
      type: 'string',
      describe: 'Instances in the first, watched wave',
      group: 'Strategy:',
    })
    .option('promote', {
      choices: ['auto', 'manual'] as const,
      describe: 'Go on after the canary by itself, or wait for pdeploy promote',
      group: 'Strategy:',
    })
    .option('min-healthy-time', {
      type: 'string',
      describe: 'How long an instance must be healthy, e.g. 10s',
      group: 'Strategy:',
    })
    .option('healthy-deadline', {
      type: 'string',
      describe: 'By when it must be, e.g. 120s',
      group: 'Strategy:',
    })
    .option('progress-deadline', {
      type: 'string',
      describe: 'Longest time without a newly healthy instance',
      group: 'Strategy:',
    })
    .option('pause-between-waves', { type: 'string', describe: 'e.g. 30s', group: 'Strategy:' })
    .option('max-failures', {
      type: 'string',
      describe: 'Failed instances that are tolerated',
      group: 'Strategy:',
    })
    .option('rollback', {
      choices: ['instance', 'wave', 'deployment', 'none'] as const,
      describe: 'What goes back on failure',
      group: 'Strategy:',
    })
    .option('on-unreachable', {
      choices: ['fail', 'skip', 'defer'] as const,
      describe: 'What to do with hosts that cannot be reached',
      group: 'Strategy:',
    })
    .option('accept-irreversible', {
      type: 'boolean',
      default: false,
      describe: 'Go on although a host could not be rolled back',
      group: 'Strategy:',
    });
}

/** For commands that take the lease. */
export function lockWaitOption(y: Argv): Argv {
  return y.option('lock-wait', {
    type: 'string',
    describe: 'How long to wait for the lease that somebody else holds, e.g. 10m (not at all)',
  });
}

/** Flags of commands that change a fleet. */
export function runOptions(y: Argv): Argv {
  return lockWaitOption(y)
    .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'Do not ask' })
    .option('input', {
      type: 'boolean',
      default: true,
      describe: '--no-input: never ask, fail instead',
      hidden: true,
    })
    .option('check', {
      alias: 'C',
      type: 'boolean',
      default: false,
      describe: 'Show the plan, change nothing',
    });
}
