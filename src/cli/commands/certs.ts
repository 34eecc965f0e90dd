import type { CommandModule } from 'yargs';
import { RefusedError } from '../../errors.ts';
import { certificateReader } from '../../execute/certificates.ts';
import { certsStatus } from '../../execute/certs-status.ts';
import type { CertificateStep } from '../../model/certificate.ts';
import type { HostName } from '../../model/host.ts';
import { compileSteps } from '../../playbook/compile-steps.ts';
import { findPlaybook } from '../../playbook/find.ts';
import { loadPlaybook } from '../../playbook/load.ts';
import { certsMetrics, certsTable } from '../../report/certs.ts';
import { detectStyle } from '../../report/style.ts';
import { withSecrets } from '../../secrets/fill-in.ts';
import type { Args } from '../args.ts';
import { certificateRows, certsExitCode } from '../certs-rows.ts';
import { out } from '../io.ts';
import { fleetOptions, outputOptions, planOptions } from '../options.ts';
import { openSession, type Session, surroundings } from '../session.ts';
import { waiting } from '../wait.ts';

export const certsCommand: CommandModule = {
  command: 'certs <action>',
  describe: 'TLS certificates: what is served where and until when',
  builder: (y) =>
    outputOptions(planOptions(fleetOptions(y)), ['text', 'json', 'prometheus']).positional('action', {
      choices: ['status'] as const,
      demandOption: true,
      describe: 'status: as files and as served, by a handshake each',
    }),
  handler: async (args) => {
    await status(args);
  },
};

async function status(args: Args): Promise<void> {
  const session = await openSession(args);
  try {
    const steps = await certificateSteps(session);
    const seen = await waiting(
      'Asking the hosts',
      args.quiet === true,
      certsStatus(session.fleet, session.service, steps, certificateReader(session.project)),
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

/** The certificates of each host by the playbook of the rollout. @throws RefusedError PD3509 when it has none */
async function certificateSteps(
  session: Session,
): Promise<ReadonlyMap<HostName, readonly CertificateStep[]>> {
  const loaded = await loadPlaybook(findPlaybook('rollout', session.project));
  const { playbook, hosts } = await withSecrets(
    loaded.playbook,
    session.fleet.hosts,
    surroundings(session),
    loaded.file,
  );
  session.connect();
  const steps = new Map<HostName, readonly CertificateStep[]>();
  for (const host of hosts) {
    const compiled = compileSteps(playbook, host, session.service, '');
    const own = compiled.steps.filter((step) => step.type === 'certificate');
    if (own.length > 0) steps.set(host.name, own);
  }
  if (steps.size > 0) return steps;
  throw new RefusedError('PD3509', `${session.service} has no certificate`, {
    hint: `add certificate({ name, servers, from, ports }) to the steps of ${loaded.file}`,
  });
}
