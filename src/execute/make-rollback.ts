import { RefusedError } from '../errors.ts';
import type { Observation } from '../model/facts.ts';
import type { Host, HostName } from '../model/host.ts';
import type { HandoverStep } from '../model/playbook.ts';
import { type Release, type ReleaseRecord, shortId } from '../model/release.ts';
import type { PlanHost } from '../plan/input.ts';
import { mergeStrategy } from '../plan/strategy.ts';
import { rollbackStrategy } from '../rollout/rollback-strategy.ts';
import type { CompiledHost } from './compile.ts';
import { instancesOf } from './draft.ts';
import { formerReleases } from './former.ts';
import { handoverRule } from './handover.ts';
import { assemblePlan, byHost, type Made, type PlanBasis, toolsOf, unseen } from './made.ts';
import { observeHost } from './observe.ts';
import { type CachedRelease, recallRelease } from './release-cache.ts';
import { storedTarget, unitDigest } from './stored-target.ts';
import type { HostTarget } from './target.ts';

export type RollbackRequest = PlanBasis & {
  /** Chooses the release once it is known what runs. */
  readonly choose: (runs: readonly string[]) => ReleaseRecord;
  /** Today's playbook, for health checks of releases the cache has lost; empty when it does not compile. */
  readonly compiled: ReadonlyMap<HostName, CompiledHost>;
};

/** A plan that takes every selected host to a release made earlier. */
export async function makeRollback(request: RollbackRequest): Promise<Made> {
  const observed = await request.fleet.each((link) =>
    observeHost(link, {
      service: request.service,
      instances: instancesOf(link.host, request.service).map((i) => i.name),
      queries: [],
      ...(request.compiled.get(link.host.name)?.service.handover === undefined ? {} : { memory: true }),
    }),
  );
  const { seen, observations } = byHost(observed);
  const record = request.choose(runningReleases(observations));
  const release: Release = {
    service: record.service,
    id: record.id,
    label: record.label,
    createdAt: record.createdAt,
    metadata: record.metadata,
  };
  const targets = new Map<HostName, HostTarget>();
  const hosts = request.hosts.map((host): PlanHost => {
    const look = seen.get(host.name);
    if (look?.kind !== 'observed') return unseen(host, look);
    const handover = request.compiled.get(host.name)?.service.handover;
    const target = targetOf(request, host, record, release, look.observation);
    targets.set(host.name, target);
    const cached = recallRelease(target.hostRelease.digest);
    const present = look.observation.releases.some((r) => r.digest === target.hostRelease.digest && r.intact);
    const unit = unitDigest(cached) || ([...look.observation.instances.values()][0]?.unitSha256 ?? '');
    return {
      host,
      seen: {
        kind: 'observed',
        observation: look.observation,
        compiled: {
          digest: target.hostRelease.digest,
          bytes: present ? 0 : (target.payload?.size ?? 0),
          unitSha256: unit,
          // A rollback restarts: whatever the process has become, the release before it starts from nothing.
          reloadFrom: [],
          ...wayBack(handover, cached, look.observation, unit),
          changes: [],
          irreversible: [],
        },
      },
    };
  });
  const strategy = rollbackStrategy(mergeStrategy(request.strategy.playbook, request.strategy.flags));
  const plan = assemblePlan(request, release, hosts, { strategy: { playbook: strategy, flags: {} } });
  return {
    plan,
    targets,
    observations,
    former: formerReleases(observations, request.compiled),
    tools: toolsOf(observations),
    problems: [],
  };
}

function targetOf(
  request: RollbackRequest,
  host: Host,
  record: ReleaseRecord,
  release: Release,
  observation: Observation,
): HostTarget {
  const digest =
    record.digests.get(host.name) ?? observation.releases.find((r) => r.release === record.id)?.digest;
  const name = shortId(record.id);
  if (digest === undefined)
    throw new RefusedError('PD3043', `${host.name} never had release ${name}`, {
      hint: `leave it out with -l '!${host.name}', or roll a release out to it first`,
    });
  const cached = recallRelease(digest);
  const own = request.compiled.get(host.name);
  const fallback =
    own === undefined
      ? undefined
      : { binary: own.binary, health: own.service.health, stopTimeoutMs: own.service.stopTimeoutMs };
  const present = observation.releases.some((r) => r.digest === digest && r.intact);
  const instances = instancesOf(host, request.service);
  const target = storedTarget({
    sockets: own?.service.handover?.sockets,
    host,
    instances,
    service: request.service,
    digest,
    release,
    cached,
    fallback,
  });
  if (target === undefined || (!present && target.payload === undefined))
    throw new RefusedError(
      'PD3044',
      `release ${name} is gone from ${host.name} and from the cache of this machine`,
      {
        hint: 'roll it out again from its binary',
      },
    );
  return target;
}

/** A rollback hands over where it can, as today's playbook does it, and is refused for no host. */
function wayBack(
  step: HandoverStep | undefined,
  cached: CachedRelease | undefined,
  observation: Observation,
  unitSha256: string,
): ReturnType<typeof handoverRule> {
  if (step === undefined) return {};
  const current = [...observation.instances.values()].map((i) => i.current).find((d) => d !== '') ?? '';
  return handoverRule(
    { ...step, listeners: cached?.listeners ?? step.listeners },
    {
      observation,
      before: current === '' ? undefined : recallRelease(current),
      unit: cached?.texts?.get('unit') ?? '',
      unitSha256,
    },
  );
}

function runningReleases(observations: ReadonlyMap<HostName, Observation>): readonly string[] {
  const ids = [...observations.values()].flatMap((o) => {
    const current = new Set([...o.instances.values()].map((i) => i.current));
    return o.releases.filter((r) => current.has(r.digest)).map((r) => r.release);
  });
  return [...new Set(ids)];
}
