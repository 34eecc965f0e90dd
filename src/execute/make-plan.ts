import { randomBytes } from 'node:crypto';
import type { Observation } from '../model/facts.ts';
import type { Host, HostName } from '../model/host.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Plan } from '../model/plan.ts';
import type { Release, ReleaseRecord } from '../model/release.ts';
import type { Strategy } from '../model/strategy.ts';
import { assemble } from '../plan/assemble.ts';
import type { PlanHost } from '../plan/input.ts';
import { sha256 } from '../util/digest.ts';
import { clockProblems } from './certificates.ts';
import { hostChanges } from './changes.ts';
import type { CompiledHost } from './compile.ts';
import type { FormerRelease } from './deployment-context.ts';
import { instancesOf } from './draft.ts';
import type { Fleet } from './fleet.ts';
import { formerReleases } from './former.ts';
import { handoverProblems, handoverRule } from './handover.ts';
import { machineProblems } from './machine.ts';
import { type Observed, observeHost } from './observe.ts';
import { payloadOf, textEntries } from './payload.ts';
import { planWarnings } from './plan-warnings.ts';
import { type CachedRelease, recallRelease } from './release-cache.ts';
import { signingProblems } from './signing-problems.ts';
import type { HostTarget } from './target.ts';
import { planWithoutSecrets } from './without-secrets.ts';

export type PlanRequest = {
  readonly service: string;
  readonly inventory: Inventory;
  readonly git: string;
  readonly playbook: Plan['playbook'];
  readonly strategy: { readonly playbook: Partial<Strategy>; readonly flags: Partial<Strategy> };
  readonly records: readonly ReleaseRecord[];
  /** All selected hosts of the service in the order of the inventory, cordoned ones too. */
  readonly hosts: readonly Host[];
  readonly release: Release;
  readonly fleet: Fleet;
  /** Signed versions older than what was proven on a host may come. */
  readonly downgrade?: boolean;
};

/** A plan and all that is needed to perform it. */
export type Made = {
  readonly plan: Plan;
  readonly targets: ReadonlyMap<HostName, HostTarget>;
  readonly observations: ReadonlyMap<HostName, Observation>;
  readonly former: (host: HostName, digest: string) => FormerRelease;
  readonly tools: (host: HostName) => readonly string[];
  /** Where the release cannot run on a host: architecture, C library. Exit 3 before anything is touched. */
  readonly problems: readonly { readonly host: HostName; readonly code: string; readonly message: string }[];
};

/** Looks at every host in one call each, in parallel, and diffs what the playbook wants against it. */
export async function makePlan(
  request: PlanRequest,
  compiled: ReadonlyMap<HostName, CompiledHost>,
): Promise<Made> {
  const seen = new Map<HostName, Observed>();
  const observed = await request.fleet.each((link) => observe(request, compiled, link));
  for (const one of observed) seen.set(one.host, one);
  const observations = new Map<HostName, Observation>();
  for (const one of observed) if (one.kind === 'observed') observations.set(one.host, one.observation);
  const targets = new Map<HostName, HostTarget>();
  const problems: Made['problems'][number][] = [];
  const hosts = request.hosts.map((host): PlanHost => {
    const look = seen.get(host.name);
    const own = compiled.get(host.name);
    if (look === undefined || own === undefined) return { host, seen: { kind: 'unseen' } };
    if (look.kind === 'unreachable') return { host, seen: { kind: 'unreachable', why: look.why } };
    const made = hostTarget(request, own, look.observation);
    targets.set(host.name, made.target);
    problems.push(...machineProblems(own, look.observation.facts));
    problems.push(...clockProblems(host.name, look.observation.facts.clockSkewMs, own.certificates));
    problems.push(...signingProblems(own, look.observation, request.downgrade === true));
    return { host, seen: { kind: 'observed', observation: look.observation, compiled: made.compiled } };
  });
  const plan = planWithoutSecrets(
    assemble({
      id: `p-${randomBytes(4).toString('hex')}`,
      createdAt: new Date().toISOString(),
      service: request.service,
      playbook: request.playbook,
      inventory: { name: request.inventory.name, file: request.inventory.file, git: request.git },
      release: request.release,
      hosts,
      strategy: request.strategy,
      records: request.records,
      warnings: planWarnings([...compiled.values()]),
      sha256,
    }),
  );
  return {
    plan,
    targets: settled(targets, plan),
    observations,
    former: formerReleases(observations, compiled),
    tools: (host) => observations.get(host)?.facts.tools ?? [],
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
