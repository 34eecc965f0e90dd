import { certificateReader } from '../execute/certificates.ts';
import { hookRunner } from '../execute/hooks.ts';
import { makeRotation, type Rotation } from '../execute/make-rotation.ts';
import { trafficOf, withTraffic } from '../execute/traffic.ts';
import type { HostName } from '../model/host.ts';
import { findPlaybook } from '../playbook/find.ts';
import { loadPlaybook } from '../playbook/load.ts';
import type { StateStore } from '../state/port.ts';
import { type Args, text } from './args.ts';
import { certificateHosts } from './certificate-steps.ts';
import { certificateStoresOf } from './certificate-stores.ts';
import { beforePlan, type MadePlan, planBasis } from './plan-parts.ts';
import type { Session } from './session.ts';
import { checkStrategy, strategyFlags } from './strategy-flags.ts';
import { waiting } from './wait.ts';

/** How to proceed says the playbook rotate-certs; what certificates there are, that of the rollout. */
export async function makeRotationPlan(args: Args, session: Session, state: StateStore): Promise<MadePlan> {
  const flags = strategyFlags(args);
  const loaded = await loadPlaybook(findPlaybook('rotate-certs', session.project));
  checkStrategy(loaded.playbook.strategy, flags);
  const hooks = hookRunner(loaded.playbook, session.project, {
    PDEPLOY_SERVICE: session.service,
    PDEPLOY_INVENTORY_NAME: session.inventory.name,
  });
  const hosts = await certificateHosts(session);
  await beforePlan(hooks);
  const read = certificateReader(session.project, certificateStoresOf(session));
  const rotations = new Map<HostName, Rotation>();
  for (const { host, steps, release, unit, service } of hosts) {
    const certificates = await Promise.all(steps.map(read));
    const { binary, test = [] } = release;
    rotations.set(host.name, { certificates, binary, service, user: unit.user, test });
  }
  session.connect();
  const traffic = trafficOf(session.inventory, rotations);
  const label = text(args, 'release');
  const made = await waiting(
    'Looking at the hosts',
    args.quiet === true,
    makeRotation({
      ...(await planBasis(session, state, loaded, flags)),
      rotations,
      allowSanRemoval: args['allow-san-removal'] === true,
      ...(label === undefined ? {} : { label }),
    }).then((plan) => withTraffic(plan, traffic, session.fleet)),
  );
  session.stops.check();
  return { ...made, kind: 'rollout', compiled: new Map(), hooks };
}
