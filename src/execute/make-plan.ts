import type { Observation } from '../model/facts.ts';
import type { HostName } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import type { Release } from '../model/release.ts';
import type { PlanHost } from '../plan/input.ts';
import { clockProblems } from './certificates.ts';
import { hostChanges } from './changes.ts';
import type { CompiledHost } from './compile.ts';
import { instancesOf } from './draft.ts';
import type { Fleet } from './fleet.ts';
import { formerReleases } from './former.ts';
import { handoverProblems, handoverRule } from './handover.ts';
import { machineProblems } from './machine.ts';
import { assemblePlan, byHost, type Made, type PlanBasis, toolsOf, unseen } from './made.ts';
import { type Observed, observeHost } from './observe.ts';
import { payloadOf, textEntries } from './payload.ts';
import { planWarnings } from './plan-warnings.ts';
import { type CachedRelease, recallRelease } from './release-cache.ts';
import { signingProblems } from './signing-problems.ts';
import type { HostTarget } from './target.ts';

export type PlanRequest = PlanBasis & {
  readonly release: Release;
  /** Signed versions older than what was proven on a host may come. */
  readonly downgrade?: boolean;
};

/** Looks at every host in one call each, in parallel, and diffs what the playbook wants against it. */
export async function makePlan(
  request: PlanRequest,
  compiled: ReadonlyMap<HostName, CompiledHost>,
): Promise<Made> {
  const { seen, observations } = byHost(await request.fleet.each((link) => observe(request, compiled, link)));
  const targets = new Map<HostName, HostTarget>();
  const problems: Made['problems'][number][] = [];
  const hosts = request.hosts.map((host): PlanHost => {
    const look = seen.get(host.name);
    const own = compiled.get(host.name);
    if (own === undefined) return unseen(host, undefined);
    if (look?.kind !== 'observed') return unseen(host, look);
    const made = hostTarget(request, own, look.observation);
    targets.set(host.name, made.target);
    problems.push(...machineProblems(own, look.observation.facts));
    problems.push(...clockProblems(host.name, look.observation.facts.clockSkewMs, own.certificates));
    problems.push(...signingProblems(own, look.observation, request.downgrade === true));
    return { host, seen: { kind: 'observed', observation: look.observation, compiled: made.compiled } };
  });
  const plan = assemblePlan(request, request.release, hosts, {
    warnings: planWarnings([...compiled.values()], observations),
  });
  return {
    plan,
    targets: settled(targets, plan),
    observations,
    former: formerReleases(observations, compiled),
    tools: toolsOf(observations),
    problems: [...problems, ...handoverProblems(plan, compiled)],
  };
}

function observe(
  request: PlanRequest,
  compiled: ReadonlyMap<HostName, CompiledHost>,
  link: Parameters<Parameters<Fleet['each']>[0]>[0],
): Promise<Observed> {
  const own = compiled.get(link.host.name);
  return observeHost(link, {
    service: request.service,
    instances: instancesOf(link.host, request.service).map((i) => i.name),
    ...(own?.service.handover === undefined ? {} : { memory: true }),
    queries: (own?.resources ?? []).flatMap((step) => step.resource.queries(step.desired, step.id)),
  });
}

function hostTarget(request: PlanRequest, own: CompiledHost, observation: Observation) {
  const { digest } = own.release;
  const current = [...observation.instances.values()].map((i) => i.current).find((d) => d !== '') ?? '';
  const before: CachedRelease | undefined = current === '' ? undefined : recallRelease(current);
  const changes = hostChanges(own, observation, before);
  const payload = payloadOf(own.artifact, own.release.manifest, textEntries(own));
  const present = observation.releases.some((r) => r.digest === digest && r.intact);
  const reuse = sameBinary(own, observation);
  const target: HostTarget = {
    host: own.host,
    instances: own.instances,
    service: request.service,
    hostRelease: own.release,
    release: request.release,
    binary: own.binary,
    user: own.unit.user,
    test: own.releaseStep.test ?? [],
    health: own.service.health,
    stopTimeoutMs: own.service.stopTimeoutMs,
    ...(own.service.handover === undefined ? {} : { sockets: own.service.handover.sockets }),
    payload,
    reuse,
    downgrade: request.downgrade === true,
    ops: changes.ops,
  };
  return {
    target,
    compiled: {
      digest,
      bytes: present ? 0 : reuse === '' ? payload.size : payload.sizeOfTexts,
      unitSha256: own.unitSha256,
      reloadFrom: own.service.reload ? sameProgram(own, observation) : [],
      ...handoverRule(own.service.handover, {
        observation,
        before,
        unit: [own.unit.text, ...own.unit.dropIns.map((d) => d.text)].join('\n'),
        unitSha256: own.unitSha256,
      }),
      changes: changes.planned,
      irreversible: changes.irreversible,
    },
  };
}

/** A release that the host has unaltered and that brought the same binary. */
function sameBinary(own: CompiledHost, observation: Observation): string {
  const line = `${own.artifact.sha256} 0555 bin/${own.binary}\n`;
  const known = observation.releases.find(
    (r) => r.intact && recallRelease(r.digest)?.manifest.includes(line) === true,
  );
  return known?.digest ?? '';
}

/** Releases on the host that differ from this one in what a reload reads again, and in nothing else. */
function sameProgram(own: CompiledHost, observation: Observation): readonly string[] {
  const fixed = fixedPart(own.release.manifest);
  return observation.releases
    .map((r) => r.digest)
    .filter((digest) => fixedPart(recallRelease(digest)?.manifest ?? '') === fixed);
}

/** What a process has from its start: systemd reads credentials then, and never again. */
function fixedPart(manifest: string): string {
  return manifest
    .split('\n')
    .filter((line) => / (bin\/.*|unit|dropins\/.*|credentials\/.*)$/.test(line))
    .join('\n');
}

/** Where no instance is switched, what would have been done just before the switch is done while preparing. */
function settled(targets: ReadonlyMap<HostName, HostTarget>, plan: Plan): ReadonlyMap<HostName, HostTarget> {
  const result = new Map(targets);
  for (const host of plan.hosts) {
    const target = targets.get(host.host);
    if (target === undefined || host.instances.some((i) => i.action !== 'nothing')) continue;
    result.set(host.host, {
      ...target,
      ops: { prepare: [...target.ops.prepare, ...target.ops.activate], activate: [] },
    });
  }
  return result;
}
