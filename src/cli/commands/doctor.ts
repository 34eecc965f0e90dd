import type { CommandModule } from 'yargs';
import { EXIT } from '../../errors.ts';
import { examineHosts, type HostChecks } from '../../execute/doctor.ts';
import { examineHere } from '../../execute/doctor-here.ts';
import { openFleet } from '../../execute/fleet.ts';
import type { Host } from '../../model/host.ts';
import { doctorText } from '../../report/doctor.ts';
import { detectStyle } from '../../report/style.ts';
import { count } from '../../report/words.ts';
import type { Args } from '../args.ts';
import { balancersOf } from '../balancers.ts';
import { tlsChecks } from '../doctor-tls.ts';
import { interruption } from '../interruption.ts';
import { out } from '../io.ts';
import { fleetOptions, outputOptions } from '../options.ts';
import { knowsInventory, projectState, readProject, selected } from '../project.ts';
import { makeTransport } from '../session.ts';
import { waiting } from '../wait.ts';

const FORKS = 20;

export const doctorCommand: CommandModule = {
  command: 'doctor [selector]',
  describe: 'Is everything fit for a rollout: this machine, the hosts, and what their logins can do',
  builder: (y) =>
    outputOptions(fleetOptions(y), ['text', 'json'])
      .positional('selector', { type: 'string', describe: 'The same as --limit' })
      .option('json', { type: 'boolean', default: false, describe: 'The same as --output json' }),
  handler: async (given) => {
    const args = selected(given);
    const read = (await knowsInventory(args)) ? await readProject(args) : undefined;
    const hosts = read?.hosts ?? [];
    const { project, directory } = await projectState(process.cwd());
    const here = await examineHere({ project, state: directory, hosts, env: process.env });
    const balancers = read === undefined ? undefined : await balancersOf(read.inventory, project);
    const fleet = hosts.length === 0 ? [] : await lookAt(hosts, args, project, balancers ?? new Map());
    const all = [
      { where: 'here', checks: here },
      ...fleet.map(({ host, checks }) => ({ where: host, checks })),
    ];
    const json = args.json === true || args.output === 'json';
    if (json) out.data(JSON.stringify({ v: 1, here, hosts: fleet }, null, 2));
    else out.data(doctorText(all, detectStyle(process.stdout, process.env)));
    const failed = all.flatMap((one) => one.checks).filter((check) => check.level === 'fail').length;
    if (failed > 0) process.exitCode = EXIT.refused;
    if (json || args.quiet === true) return;
    if (hosts.length === 0) out.err('No host was asked: -i NAME, or "inventory:" in pdeploy.yaml.');
    else if (failed === 0) out.err('Nothing is in the way.');
    else
      out.err(
        `${count(failed, 'check')} failed. What bootstrap makes, pdeploy hosts bootstrap puts right again.`,
      );
  },
};

async function lookAt(
  hosts: readonly Host[],
  args: Args,
  project: string,
  balancers: Parameters<typeof examineHosts>[2],
): Promise<readonly HostChecks[]> {
  const stops = interruption();
  const transport = await makeTransport(args);
  const fleet = openFleet(hosts, transport, FORKS, stops.gone);
  try {
    const look = examineHosts(
      fleet,
      (host, wishes) => transport.attempts(host, wishes, { signal: stops.gone }),
      balancers,
    );
    const both = Promise.all([look, tlsChecks(hosts, project)]);
    const text = `Examining ${count(hosts.length, 'host')}`;
    const [looks, tls] = await waiting(text, args.quiet === true, both);
    return looks.map(({ host, checks }) => ({ host, checks: [...checks, ...(tls.get(host) ?? [])] }));
  } finally {
    stops.end();
    await fleet.close();
  }
}
