import type { CommandModule } from 'yargs';
import { certificateReader } from '../../execute/certificates.ts';
import { certsStatus } from '../../execute/certs-status.ts';
import { certsMetrics, certsTable } from '../../report/certs.ts';
import { detectStyle } from '../../report/style.ts';
import type { Args } from '../args.ts';
import { certificateHosts } from '../certificate-steps.ts';
import { certificateStoresOf } from '../certificate-stores.ts';
import { certificateRows, certsExitCode } from '../certs-rows.ts';
import { out } from '../io.ts';
import { ROTATION } from '../make.ts';
import { fleetOptions, outputOptions, planOptions, runOptions } from '../options.ts';
import { openSession } from '../session.ts';
import { waiting } from '../wait.ts';

export const certsCommand: CommandModule = {
  command: 'certs <action>',
  describe: 'TLS certificates: what is served where and until when; issue and rotate them',
  builder: (y) =>
    runOptions(outputOptions(planOptions(fleetOptions(y)), ['text', 'json', 'jsonl', 'prometheus']))
      .positional('action', {
        choices: ['status', 'issue', 'rotate'] as const,
        demandOption: true,
        describe:
          'status: as files and as served, by a handshake each; issue: have those that are due issued; rotate: bring new ones, one instance at a time',
      })
      .option('name', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'issue: only this certificate; may be repeated',
      })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'issue: although it is not due, or a pause after a try that failed is not over',
      })
      .option('allow-san-removal', {
        type: 'boolean',
        default: false,
        describe: 'The new certificate may lack names of the old one',
      }),
  handler: async (args) => {
    if (args.action === 'rotate') await (await import('./rollout.ts')).rollOut(args, ROTATION);
    else if (args.action === 'issue') await (await import('./certs-issue.ts')).issue(args);
    else await status(args);
  },
};

async function status(args: Args): Promise<void> {
  const session = await openSession(args);
  try {
    const hosts = await certificateHosts(session);
    session.connect();
    const steps = new Map(hosts.map(({ host, steps: own }) => [host.name, own]));
    const seen = await waiting(
      'Asking the hosts',
      args.quiet === true,
      certsStatus(
        session.fleet,
        session.service,
        steps,
        certificateReader(session.project, certificateStoresOf(session)),
      ),
    );
    const rows = certificateRows(seen, Date.now());
    if (args.output === 'json')
      out.data(JSON.stringify({ v: 1, certificates: rows, unreachable: seen.unreachable }, null, 2));
    else if (args.output === 'prometheus') out.data(certsMetrics(rows).trimEnd());
    else out.data(certsTable(rows, detectStyle(process.stdout, process.env)));
    for (const source of seen.sources) if (source.kind === 'bad') out.err(`warning: ${source.why}`);
    for (const { host, why } of seen.unreachable) out.err(`${host} cannot be asked for its files: ${why}`);
    process.exitCode = certsExitCode(rows, seen);
  } finally {
    await session.close();
  }
}
