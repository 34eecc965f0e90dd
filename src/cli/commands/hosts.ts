import { existsSync, readFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { EXIT } from '../../errors.ts';
import { openFleet } from '../../execute/fleet.ts';
import { observeHost } from '../../execute/observe.ts';
import type { Observation } from '../../model/facts.ts';
import { sanitize } from '../../util/sanitize.ts';
import type { Args } from '../args.ts';
import { isInteractive, out } from '../io.ts';
import { fleetOptions, outputOptions } from '../options.ts';
import { readProject, selected } from '../project.ts';
import { makeTransport } from '../session.ts';
import { waiting } from '../wait.ts';
import { bootstrapOptions } from './hosts-options.ts';

const FORKS = 20;

export const hostsCommand: CommandModule = {
  command: 'hosts <action> [selector]',
  describe: 'Facts of hosts; trust a host key; make a login that can do nothing but deploy',
  builder: (y) =>
    bootstrapOptions(outputOptions(fleetOptions(y), ['text', 'json']))
      .positional('action', {
        choices: ['bootstrap', 'facts', 'trust'] as const,
        demandOption: true,
        describe:
          'facts: what one call tells of each host; trust: record its key; bootstrap: make the deploy login',
      })
      .positional('selector', { type: 'string', describe: 'The same as --limit' })
      .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'Do not ask' }),
  handler: async (args) => {
    const given = selected(args);
    if (args.action === 'trust') await trust(given);
    else if (args.action === 'bootstrap') await (await import('./hosts-bootstrap.ts')).bootstrap(given);
    else await facts(given);
  },
};

async function facts(args: Args): Promise<void> {
  const { hosts } = await readProject(args);
  const abort = new AbortController();
  const fleet = openFleet(hosts, await makeTransport(args), FORKS, abort.signal);
  try {
    const look = fleet.each((link) => {
      const instances = link.host.instances.map((i) => i.name);
      const service = link.host.instances[0]?.service ?? 'none';
      return observeHost(link, { service, instances, queries: [] });
    });
    const seen = await waiting(`Asking ${hosts.length} hosts`, args.quiet === true, look);
    if (args.output === 'json') {
      const plain = seen.map((s) =>
        s.kind === 'observed'
          ? {
              host: s.host,
              ...s.observation,
              instances: [...s.observation.instances.values()],
              answers: undefined,
            }
          : { host: s.host, unreachable: s.why },
      );
      out.data(JSON.stringify({ v: 1, hosts: plain }, null, 2));
    } else
      for (const s of seen)
        out.data(
          s.kind === 'observed'
            ? describeFacts(s.observation)
            : `${s.host}\n  cannot be reached: ${sanitize(s.why)}\n`,
        );
    if (seen.some((s) => s.kind === 'unreachable')) process.exitCode = EXIT.refused;
  } finally {
    await fleet.close();
  }
}

function describeFacts({ facts: f, signing }: Observation): string {
  const rows: readonly (readonly [string, string])[] = [
    ['system', `${f.os}, kernel ${f.kernel}, ${f.arch}`],
    ['systemd', `${f.systemd}${f.glibc === '' ? '' : `, glibc ${f.glibc}`}`],
    [
      'room',
      `${gib(f.diskFree)} disk, ${f.inodesFree} inodes, ${gib(f.memoryAvailable)} memory, ${f.cpus} cpus`,
    ],
    ['clock', `${f.clockSkewMs >= 0 ? '+' : ''}${(f.clockSkewMs / 1_000).toFixed(2)} s against here`],
    ['limits', `${f.nofileMax} open files at most`],
    ['tools', f.tools.join(', ')],
    ['policy', f.policy],
    ...(signing.keys.length === 0 ? [] : [['signed by', signing.keys.join(', ')] as const]),
    ...(signing.version === '' ? [] : [['version', `${signing.version} was proven`] as const]),
  ];
  return `${f.host}\n${rows.map(([k, v]) => `  ${k.padEnd(10)}${sanitize(v)}`).join('\n')}\n`;
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

async function trust(args: Args): Promise<void> {
  const { hosts } = await readProject(args);
  const [{ recordHostKey }, { confirm }] = await Promise.all([
    import('../../transport/known-hosts/record.ts'),
    import('../prompt.ts'),
  ]);
  const transport = await makeTransport(args);
  try {
    for (const host of hosts) {
      const key = await transport.offeredKey(host, {});
      if (existsSync(key.file) && readFileSync(key.file, 'utf8').split('\n').includes(key.line)) {
        out.err(`${host.name}: ${key.type} ${key.fingerprint} is recorded already`);
        continue;
      }
      const question = `${host.name} (${host.connection.address}) shows ${key.type} ${key.fingerprint}. Record it?`;
      const yes =
        args.yes === true || (isInteractive() && (await confirm(question, new AbortController().signal)));
      if (yes) {
        await recordHostKey(key.file, key.line);
        out.err(`${host.name}: recorded ${key.type} ${key.fingerprint} in ${key.file}`);
      } else {
        out.err(`${host.name}: not recorded (${key.type} ${key.fingerprint})`);
        process.exitCode = EXIT.refused;
      }
    }
  } finally {
    await transport.close();
  }
}
