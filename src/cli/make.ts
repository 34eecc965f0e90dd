import { resolve } from 'node:path';
import { buildMetadata } from '../execute/build/record.ts';
import { type CompiledHost, fleetReleaseId } from '../execute/compile.ts';
import { draftHosts, draftSetup } from '../execute/draft.ts';
import { hookRunner } from '../execute/hooks.ts';
import { makePlan } from '../execute/make-plan.ts';
import { makeSetup } from '../execute/make-setup.ts';
import { gitDescribe } from '../execute/origin.ts';
import { trafficOf, withTraffic } from '../execute/traffic.ts';
import { type Release, shortId } from '../model/release.ts';
import { findPlaybook } from '../playbook/find.ts';
import { loadPlaybook } from '../playbook/load.ts';
import { withSecrets } from '../secrets/fill-in.ts';
import type { StateStore } from '../state/port.ts';
import { type Args, text } from './args.ts';
import { certificateStoresOf } from './certificate-stores.ts';
import { beforePlan, type MadePlan, planBasis } from './plan-parts.ts';
import { type Session, surroundings } from './session.ts';
import { checkStrategy, strategyFlags } from './strategy-flags.ts';
import { waiting } from './wait.ts';

/** The playbook of `certs rotate`: the release that runs, with other certificates. */
export const ROTATION = 'rotate-certs';

/** Everything from the playbook file to a plan: render, observe, diff. Changes nothing anywhere but the cache. */
export async function makeRolloutPlan(
  args: Args,
  session: Session,
  state: StateStore,
  playbookName: string,
): Promise<MadePlan> {
  const name = text(args, 'playbook') ?? playbookName;
  if (name === ROTATION)
    return await (await import('./make-rotation.ts')).makeRotationPlan(args, session, state);
  const flags = strategyFlags(args);
  const loaded = await loadPlaybook(findPlaybook(name, session.project));
  checkStrategy(loaded.playbook.strategy, flags);
  const { playbook, hosts: active } = await withSecrets(
    loaded.playbook,
    session.hosts.filter((h) => h.cordon === undefined),
    surroundings(session),
    loaded.file,
  );
  session.stops.check();
  // They open while the release is rendered.
  session.connect();
  const given = text(args, 'release');
  const label = given ?? (await gitDescribe(session.project));
  const hooks = hookRunner(playbook, session.project, {
    PDEPLOY_SERVICE: session.service,
    PDEPLOY_INVENTORY_NAME: session.inventory.name,
    PDEPLOY_LABEL: label ?? '',
  });
  await beforePlan(hooks);
  const input = {
    playbook,
    service: session.service,
    label: label ?? 'unlabelled',
    project: session.project,
    stores: certificateStoresOf(session),
  };
  const basis = await planBasis(session, state, loaded, flags);
  const look = <T>(job: Promise<T>): Promise<T> =>
    waiting(
      `Looking at ${active.length} ${active.length === 1 ? 'host' : 'hosts'}`,
      args.quiet === true,
      job,
    );
  const setup = draftSetup(input, active);
  if (setup !== undefined) {
    const made = await look(makeSetup(basis, setup));
    session.stops.check();
    return { ...made, kind: 'setup', compiled: new Map(), hooks };
  }
  const drafts = await draftHosts(input, active);
  const id = fleetReleaseId(drafts.map((d) => d.release.digest));
  const metadata = { ...builtBy(drafts[0], session.project), ...drafts[0]?.releaseStep.metadata };
  const release: Release = {
    service: session.service,
    id,
    label: label ?? shortId(id),
    createdAt: new Date().toISOString(),
    metadata,
  };
  const compiled = new Map(drafts.map((d) => [d.host.name, d]));
  const traffic = trafficOf(session.inventory, compiled);
  session.stops.check();
  const made = await look(
    makePlan({ ...basis, release, downgrade: args['allow-downgrade'] === true }, compiled).then((plan) =>
      withTraffic(plan, traffic, session.fleet),
    ),
  );
  session.stops.check();
  return { ...made, kind: 'rollout', compiled, hooks };
}

/** How the binary was built, where `pdeploy build` wrote it down. */
function builtBy(first: CompiledHost | undefined, project: string): { readonly [key: string]: string } {
  const source = first?.releaseStep.artifact;
  if (first === undefined || source?.kind !== 'path') return {};
  return buildMetadata(resolve(project, source.path), first.artifact.sha256);
}
