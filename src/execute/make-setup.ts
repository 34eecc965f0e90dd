import { randomBytes } from 'node:crypto';
import type { Observation } from '../model/facts.ts';
import type { HostName } from '../model/host.ts';
import type { ResourceStep } from '../model/resource.ts';
import { assemble } from '../plan/assemble.ts';
import type { PlanHost } from '../plan/input.ts';
import { canonicalJson, sha256 } from '../util/digest.ts';
import { resourceChanges } from './changes.ts';
import type { Made, PlanRequest } from './make-plan.ts';
import { observeHost } from './observe.ts';
import type { HostTarget } from './target.ts';
import { planWithoutSecrets } from './without-secrets.ts';

/** A plan of a playbook that sets hosts up and deploys nothing: no instance is restarted. */
export async function makeSetup(
  request: Omit<PlanRequest, 'release'>,
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
  const seen = new Map(looks.map((look) => [look.host, look]));
  const observations = new Map<HostName, Observation>();
  const targets = new Map<HostName, HostTarget>();
  const hosts = request.hosts.map((given): PlanHost => {
    const host = { ...given, instances: [] };
    const look = seen.get(host.name);
    if (look === undefined) return { host, seen: { kind: 'unseen' } };
    if (look.kind === 'unreachable') return { host, seen: { kind: 'unreachable', why: look.why } };
    observations.set(host.name, look.observation);
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
  const plan = planWithoutSecrets(
    assemble({
      id: `p-${randomBytes(4).toString('hex')}`,
      createdAt: release.createdAt,
      service,
      playbook: request.playbook,
      inventory: { name: request.inventory.name, file: request.inventory.file, git: request.git },
      release,
      hosts,
      strategy: request.strategy,
      records: [],
      sha256,
    }),
  );
  return {
    plan,
    targets,
    observations,
    former: () => ({ binary: '', ids: { release: '', label: '' }, health: () => undefined }),
    tools: (host) => observations.get(host)?.facts.tools ?? [],
    problems: [],
  };
}
