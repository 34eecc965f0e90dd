import type { HostName } from '../model/host.ts';
import type { ResourceStep } from '../model/resource.ts';
import type { PlanHost } from '../plan/input.ts';
import { canonicalJson, sha256 } from '../util/digest.ts';
import { resourceChanges } from './changes.ts';
import { assemblePlan, byHost, type Made, type PlanBasis, toolsOf, unseen } from './made.ts';
import { observeHost } from './observe.ts';
import type { HostTarget } from './target.ts';

/** A plan of a playbook that sets hosts up and deploys nothing: no instance is restarted. */
export async function makeSetup(
  request: PlanBasis,
  steps: ReadonlyMap<HostName, readonly ResourceStep[]>,
): Promise<Made> {
  const { service } = request;
  const id = sha256(
    canonicalJson([...steps].map(([host, list]) => [host, list.map((s) => [s.id, s.desired])])),
  );
  const release = {
    service,
    id,
    label: request.playbook.name,
    createdAt: new Date().toISOString(),
    metadata: {},
  };
  const looks = await request.fleet.each((link) => {
    const own = steps.get(link.host.name) ?? [];
    const queries = own.flatMap((s) => s.resource.queries(s.desired, s.id));
    return observeHost(link, { service, instances: [], queries });
  });
  const { seen, observations } = byHost(looks);
  const targets = new Map<HostName, HostTarget>();
  const hosts = request.hosts.map((given): PlanHost => {
    const host = { ...given, instances: [] };
    const look = seen.get(host.name);
    if (look?.kind !== 'observed') return unseen(host, look);
    const { planned, ops, irreversible } = resourceChanges(steps.get(host.name) ?? [], look.observation);
    targets.set(host.name, {
      host,
      instances: [],
      service,
      hostRelease: { service, digest: '', manifest: '', files: [] },
      release,
      binary: '',
      user: '',
      test: [],
      health: new Map(),
      stopTimeoutMs: 0,
      payload: undefined,
      reuse: '',
      downgrade: false,
      ops: { prepare: [...ops.prepare, ...ops.activate], activate: [] },
    });
    const compiled = { digest: '', bytes: 0, unitSha256: '', reloadFrom: [], changes: planned, irreversible };
    return { host, seen: { kind: 'observed', observation: look.observation, compiled } };
  });
  const plan = assemblePlan({ ...request, records: [] }, release, hosts);
  return {
    plan,
    targets,
    observations,
    former: () => ({ binary: '', ids: { release: '', label: '' }, health: () => undefined }),
    tools: toolsOf(observations),
    problems: [],
  };
}
