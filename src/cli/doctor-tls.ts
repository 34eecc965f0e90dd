import { tryProfile } from '../certs/settings.ts';
import { UsageError } from '../errors.ts';
import type { CertificateStep } from '../model/certificate.ts';
import { type Check, fail, ok, warn } from '../model/check.ts';
import type { Host, HostName } from '../model/host.ts';
import { compileSteps } from '../playbook/compile-steps.ts';
import { findPlaybook } from '../playbook/find.ts';
import { loadPlaybook } from '../playbook/load.ts';
import { withPlaceholders } from '../secrets/fill-in.ts';

/** Proves by handshakes that what serves a certificate does as its TLS profile says. Nothing for hosts without one. */
export async function tlsChecks(
  hosts: readonly Host[],
  project: string,
): Promise<ReadonlyMap<HostName, readonly Check[]>> {
  const steps = await certificatesOf(hosts, project);
  const checks = await Promise.all(
    hosts.map(async (host): Promise<readonly [HostName, readonly Check[]]> => {
      const own = steps.get(host.name) ?? [];
      return [host.name, (await Promise.all(own.map((step) => placeChecks(host, step)))).flat()];
    }),
  );
  return new Map(checks);
}

async function placeChecks(host: Host, step: CertificateStep): Promise<readonly Check[]> {
  const [server = ''] = step.servers;
  const ports = [...new Set([...step.ports.values()].flat())];
  return await Promise.all(
    ports.map(async (port): Promise<Check> => {
      const what = `TLS :${port}`;
      const verdict = await tryProfile({ address: host.connection.address, port, server }, step.profile);
      if (verdict.kind === 'unclear') return warn(what, `could not be tried, ${verdict.why}`);
      if (verdict.problems.length > 0)
        return fail(what, `not ${step.profile}: ${verdict.problems.join('; ')}`);
      return ok(
        what,
        `${step.profile}: ${verdict.attempts} of ${verdict.attempts} handshakes went as they should`,
      );
    }),
  );
}

/** By the playbook of the rollout, where it says anything about these hosts. */
async function certificatesOf(
  hosts: readonly Host[],
  project: string,
): Promise<ReadonlyMap<HostName, readonly CertificateStep[]>> {
  const found = new Map<HostName, readonly CertificateStep[]>();
  try {
    const loaded = await loadPlaybook(findPlaybook('rollout', project));
    const { playbook, hosts: filled } = withPlaceholders(loaded.playbook, hosts);
    for (const host of filled) {
      const services = [...new Set(host.instances.map((instance) => instance.service))];
      const steps = services.flatMap((service) => compileSteps(playbook, host, service, '').steps);
      found.set(
        host.name,
        steps.filter((step) => step.type === 'certificate'),
      );
    }
  } catch (error) {
    // What is wrong with the playbook says plan; doctor looks at machines.
    if (!(error instanceof UsageError)) throw error;
  }
  return found;
}
