import { RefusedError } from '../errors.ts';
import { sortSteps } from '../execute/compile.ts';
import type { CertificateStep } from '../model/certificate.ts';
import type { Host } from '../model/host.ts';
import type { ReleaseStep, ServiceStep, UnitStep } from '../model/playbook.ts';
import { compileSteps } from '../playbook/compile-steps.ts';
import { findPlaybook } from '../playbook/find.ts';
import { loadPlaybook } from '../playbook/load.ts';
import { withSecrets } from '../secrets/fill-in.ts';
import { type Session, surroundings } from './session.ts';

/** A host with certificates, by the playbook of the rollout. */
export type CertificateHost = {
  readonly host: Host;
  readonly steps: readonly CertificateStep[];
  readonly release: ReleaseStep;
  readonly unit: UnitStep;
  readonly service: ServiceStep;
};

/** @throws RefusedError PD3509 when no host has a certificate */
export async function certificateHosts(session: Session): Promise<readonly CertificateHost[]> {
  const loaded = await loadPlaybook(findPlaybook('rollout', session.project));
  const { playbook, hosts } = await withSecrets(
    loaded.playbook,
    session.fleet.hosts,
    surroundings(session),
    loaded.file,
  );
  const found = hosts.flatMap((host): readonly CertificateHost[] => {
    const { steps, deploys } = compileSteps(playbook, host, session.service, '');
    if (!deploys) return [];
    const { certificates, release, unit, service } = sortSteps(steps, playbook.name);
    return certificates.length === 0 ? [] : [{ host, steps: certificates, release, unit, service }];
  });
  if (found.length > 0) return found;
  throw new RefusedError('PD3509', `${session.service} has no certificate`, {
    hint: `add certificate({ name, servers, from, ports }) to the steps of ${loaded.file}`,
  });
}
