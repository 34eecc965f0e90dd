import { join, relative } from 'node:path';

import type { Argv, CommandModule } from 'yargs';

import { EXIT } from '../../errors.ts';
import type { LabHost } from '../../lab/lab-state.ts';
import type { LabStatus } from '../../lab/status.ts';
import { formatDuration } from '../../util/duration.ts';
import { out } from '../io.ts';

type Args = Readonly<Record<string, unknown>>;

function nameOption(y: Argv): Argv {
  return y.option('name', {
    type: 'string',
    default: 'lab',
    requiresArg: true,
    describe: 'Which lab, when there are several',
  });
}

function labName(args: Args): string {
  return String(args.name);
}

function count(hosts: number): string {
  return `${hosts} ${hosts === 1 ? 'host' : 'hosts'}`;
}

async function defaultInventory(name: string): Promise<string> {
  const { projectDir } = await import('../../config/project.ts');
  const project = (await projectDir(process.cwd())) ?? process.cwd();
  return join(relative(process.cwd(), project), 'inventories', `${name}.yaml`);
}

const upCommand: CommandModule = {
  command: 'up',
  describe: 'Start the hosts, and write the inventory, the key and the known_hosts',
  builder: (y) =>
    nameOption(y)
      .option('hosts', {
        type: 'string',
        default: '3',
        requiresArg: true,
        describe: 'How many; more are added to those that run',
      })
      .option('prefix', {
        type: 'string',
        default: 'edge',
        requiresArg: true,
        describe: 'Hosts are PREFIX-01, PREFIX-02, ...; also the group and the service',
      })
      .option('instances', {
        type: 'string',
        default: '1',
        requiresArg: true,
        describe: 'Instances on each host, in the inventory',
      })
      .option('inventory-file', {
        type: 'string',
        requiresArg: true,
        describe: 'Where to write it; default: inventories/NAME.yaml',
      })
      .example('pdeploy lab up --hosts 3', 'edge-01, edge-02, edge-03 and inventories/lab.yaml'),
  handler: async (args) => {
    const { up } = await import('../../lab/up.ts');
    const begin = performance.now();
    const name = labName(args);
    const given = args.inventoryFile;
    const inventoryFile = typeof given === 'string' ? given : await defaultInventory(name);
    const { lab, started } = await up({
      name,
      hosts: Number(args.hosts),
      prefix: String(args.prefix),
      instances: Number(args.instances),
      inventoryFile,
      progress: out.err,
    });
    const took = formatDuration(performance.now() - begin);
    out.err(
      `Lab "${name}": ${count(lab.hosts.length)} up, ${started} started, in ${took}. Inventory: ${inventoryFile}`,
    );
    out.err(`Next: pdeploy plan -i ${typeof given === 'string' ? given : name}`);
  },
};

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function statusText({ hosts }: LabStatus): string {
  const head = ['HOST', 'ADDRESS', 'ZONE', 'STATE', 'NETWORK', 'PID', 'UPTIME'];
  const rows = hosts.map((host) => [
    host.name,
    host.address,
    host.zone,
    host.state,
    host.network,
    host.pid === null ? '-' : String(host.pid),
    host.uptimeSeconds === null ? '-' : formatDuration(host.uptimeSeconds * 1_000),
  ]);
  return table([head, ...rows]);
}

function statusJson({ lab, hosts }: LabStatus): string {
  const { key, knownHosts } = lab.paths;
  const { inventories } = lab.record;
  return JSON.stringify({ v: 1, name: lab.name, identity: key, knownHosts, inventories, hosts }, null, 2);
}

const statusCommand: CommandModule = {
  command: 'status',
  describe: 'The hosts, and whether they run',
  builder: (y) =>
    nameOption(y).option('output', {
      alias: 'o',
      choices: ['text', 'json'],
      default: 'text',
      describe: 'Form of what is printed',
    }),
  handler: async (args) => {
    const { status } = await import('../../lab/status.ts');
    const found = await status(labName(args));
    out.data(args.output === 'json' ? statusJson(found) : statusText(found));
  },
};

const sshCommand: CommandModule = {
  command: 'ssh <host> [command..]',
  describe: 'Log in to a host, or run a command there',
  builder: (y) =>
    nameOption(y)
      .parserConfiguration({ 'populate--': true })
      .positional('host', {
        type: 'string',
        demandOption: true,
        describe: 'HOST or USER@HOST; users are root and deploy',
      })
      .positional('command', { type: 'string', array: true, describe: 'After -- when it has flags' })
      .example('pdeploy lab ssh edge-01 -- journalctl -n 20', 'Run a command'),
  handler: async (args) => {
    const { ssh } = await import('../../lab/ssh.ts');
    const words = [args.command, args['--']].flatMap((part) => (Array.isArray(part) ? part.map(String) : []));
    const code = await ssh(labName(args), String(args.host), words);
    if (code !== EXIT.done) process.exitCode = code;
  },
};

const downCommand: CommandModule = {
  command: 'down',
  describe: 'End the hosts and remove everything of the lab',
  builder: nameOption,
  handler: async (args) => {
    const { down } = await import('../../lab/down.ts');
    const { hosts } = await down(labName(args));
    out.err(
      hosts === 0
        ? `There is no lab "${labName(args)}".`
        : `Lab "${labName(args)}" is gone: ${count(hosts)} ended.`,
    );
  },
};

/** A fault for one host; hidden, because it is for rehearsals and tests. */
function fault(
  usage: string,
  done: string,
  act: (host: LabHost, args: Args) => Promise<void>,
  more = (y: Argv): Argv => y,
): CommandModule {
  return {
    command: `${usage} <host>`,
    describe: false,
    builder: (y) => more(nameOption(y)).positional('host', { type: 'string', demandOption: true }),
    handler: async (args) => {
      const { labHost } = await import('../../lab/lab-state.ts');
      const host = await labHost(labName(args), String(args.host));
      await act(host, args);
      out.err(`${host.name}: ${done}`);
    },
  };
}

function partitionOptions(y: Argv): Argv {
  return y
    .option('direction', { choices: ['in', 'out', 'both'] as const, default: 'both' })
    .option('kind', { choices: ['drop', 'rst'] as const, default: 'drop' })
    .option('ports', {
      type: 'string',
      requiresArg: true,
      describe: 'Only these TCP ports of the host: 22,6188',
    });
}

async function partitionHost(host: LabHost, args: Args): Promise<void> {
  const { parsePartition, partition } = await import('../../lab/faults.ts');
  await partition(host, parsePartition(String(args.direction), String(args.kind), args.ports));
}

const FAULTS: readonly CommandModule[] = [
  fault('power-cut', 'power cut', async (host) => (await import('../../lab/power.ts')).powerCut(host)),
  fault('shutdown', 'shut down', async (host) => (await import('../../lab/power.ts')).shutdown(host)),
  fault('boot', 'up', async (host) => (await import('../../lab/boot.ts')).boot(host)),
  fault('cut', 'off the network', async (host) => (await import('../../lab/faults.ts')).cut(host)),
  fault('uncut', 'on the network', async (host) => (await import('../../lab/faults.ts')).uncut(host)),
  fault('partition', 'traffic is filtered', partitionHost, partitionOptions),
  fault('heal', 'traffic is not filtered', async (host) => (await import('../../lab/faults.ts')).heal(host)),
];

export const labCommand: CommandModule = {
  command: 'lab <action>',
  describe: 'A local fleet of real systemd hosts',
  builder: (y) => {
    for (const command of [upCommand, statusCommand, sshCommand, downCommand, ...FAULTS]) y.command(command);
    return y.demandCommand(1, 'Which? up, status, ssh or down.');
  },
  handler: () => undefined,
};
