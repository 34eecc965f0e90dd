import { fingerprintOf } from '../certs/pem.ts';
import { lostNames } from '../certs/validate.ts';
import type { Observation } from '../model/facts.ts';
import type { Host, HostName } from '../model/host.ts';
import type { PlannedChange } from '../model/plan.ts';
import type { ServiceStep } from '../model/playbook.ts';
import { type Release, shortId } from '../model/release.ts';
import type { Query } from '../model/resource.ts';
import type { PlanHost } from '../plan/input.ts';
import { sha256 } from '../util/digest.ts';
import { type Certificate, clockProblems, withTlsProbes } from './certificates.ts';
import { fileOf, fileQuery } from './certs-status.ts';
import { fleetReleaseId } from './compile.ts';
import type { FormerRelease } from './deployment-context.ts';
import { instancesOf } from './draft.ts';
import { formerReleases } from './former.ts';
import { handoverProblems, handoverRule } from './handover.ts';
import type { Judge } from './judges.ts';
import { assemblePlan, byHost, type Made, type PlanBasis, toolsOf, unseen } from './made.ts';
import { type Observed, observeHost } from './observe.ts';
import { recallRelease, rememberStored } from './release-cache.ts';
import { hasCertificate, otherLines, rotatedRelease } from './rotated.ts';
import type { HostTarget } from './target.ts';

/** Of one host by today's playbook: its certificates, and how to judge what runs where the cache has lost it. */
export type Rotation = Judge & {
  readonly certificates: readonly Certificate[];
  readonly user: string;
  readonly test: readonly string[];
};

export type RotationRequest = PlanBasis & {
  readonly rotations: ReadonlyMap<HostName, Rotation>;
  /** The new certificate may lack names of the old one. */
  readonly allowSanRemoval: boolean;
  /** Of the new release; default: that of the one that runs, and the fingerprint. */
  readonly label?: string;
};

type Problem = Made['problems'][number];
type Wish = Omit<HostTarget, 'release'> & {
  readonly observation: Observation;
  readonly current: string;
  readonly changes: readonly PlannedChange[];
  readonly reload: boolean;
  readonly handover: ReturnType<typeof handoverRule>;
};

/** A plan that gives every host the release it runs with other certificates: same binary, same configuration. */
export async function makeRotation(request: RotationRequest): Promise<Made> {
  const observed = await request.fleet.each((link) => look(request, link));
  const { seen, observations } = byHost(observed);
  const problems: Problem[] = [];
  const wishes = new Map<HostName, Wish>();
  for (const host of request.hosts) {
    const observation = observations.get(host.name);
    const rotation = request.rotations.get(host.name);
    if (observation === undefined || rotation === undefined) continue;
    const wish = wishOf(request, host, rotation, observation);
    problems.push(...hostProblems(request, host.name, rotation, observation));
    if ('why' in wish)
      problems.push({ host: host.name, code: 'PD3509', message: `${host.name}: ${wish.why}` });
    else wishes.set(host.name, wish);
  }
  const release = releaseOf(request, wishes);
  const hosts = request.hosts.map((host) => planHost(host, seen.get(host.name), wishes.get(host.name)));
  const plan = assemblePlan(request, release, hosts);
  return {
    plan,
    targets: new Map([...wishes].map(([host, wish]): [HostName, HostTarget] => [host, { ...wish, release }])),
    observations,
    former: formerOf(request, observations),
    tools: toolsOf(observations),
    problems: [...problems, ...handoverProblems(plan, request.rotations)],
  };
}

function look(
  request: RotationRequest,
  link: Parameters<Parameters<PlanBasis['fleet']['each']>[0]>[0],
): Promise<Observed> {
  const { service } = request;
  const instances = instancesOf(link.host, service).map((i) => i.name);
  const rotation = request.rotations.get(link.host.name);
  const names = rotation?.certificates.map((c) => c.step.name) ?? [];
  const handsOver = rotation?.service.handover !== undefined;
  const queries = instances.flatMap((instance) => [
    textQuery(service, instance, 'manifest'),
    ...(handsOver ? [textQuery(service, instance, 'unit')] : []),
    ...names.map((name) => fileQuery(durable(service, instance, ''), instance, name)),
  ]);
  return observeHost(link, { service, instances, queries, ...(handsOver ? { memory: true } : {}) });
}

function textQuery(service: string, instance: string, path: string): Query {
  return { kind: 'path', id: `${path}:${instance}`, path: durable(service, instance, path), text: true };
}

function textOf(observation: Observation, id: string): string {
  const answer = observation.answers.get(id);
  return answer?.kind === 'path' ? (answer.text ?? '') : '';
}

/** What an instance runs when nothing is on trial. */
function durable(service: string, instance: string, path: string): string {
  return `/opt/pdeploy/${service}/${instance}/current/${path}`;
}

function wishOf(
  request: RotationRequest,
  host: Host,
  rotation: Rotation,
  observation: Observation,
): Wish | { readonly why: string } {
  const { service } = request;
  const instances = instancesOf(host, service);
  const names = rotation.certificates.map((c) => c.step.name);
  const bases = new Set<string>();
  let current = '';
  for (const instance of instances) {
    const digest = observation.instances.get(instance.name)?.current ?? '';
    const manifest = textOf(observation, `manifest:${instance.name}`);
    if (digest === '' || sha256(manifest) !== digest)
      return { why: `instance ${instance.name} runs no release that is whole: roll one out` };
    const missing = names.find((name) => !hasCertificate(manifest, name));
    if (missing !== undefined)
      return { why: `the release of instance ${instance.name} has no certificate ${missing}: roll one out` };
    bases.add(otherLines(manifest, names).join('\n'));
    if (observation.releases.some((r) => r.digest === digest && r.intact)) current = digest;
  }
  const [base, ...more] = bases;
  if (base === undefined || more.length > 0)
    return { why: 'its instances run releases that differ in more than certificates: roll one out' };
  if (current === '') return { why: 'its release was altered on the host: roll one out' };
  const { release, payload } = rotatedRelease(service, base.split('\n'), rotation.certificates);
  const cached = recallRelease(current);
  const judged = cached ?? {
    ...rotation,
    health: rotation.service.health,
    stopTimeoutMs: rotation.service.stopTimeoutMs,
    listeners: rotation.service.handover?.listeners,
    sockets: rotation.service.handover?.sockets,
  };
  const health = withTlsProbes(
    { ...rotation.service, health: withoutProbesOf(names, judged.health) },
    rotation.certificates,
  ).health;
  const bin = release.files.find((file) => file.path === `bin/${judged.binary}`);
  const { binary, user, test, stopTimeoutMs } = judged;
  const artifact = { sha256: bin?.sha256 ?? '', size: cached?.artifact.size ?? 0 };
  const { digest, manifest } = release;
  rememberStored({
    service,
    digest,
    manifest,
    binary,
    artifact,
    user,
    test,
    stopTimeoutMs,
    health: [...health],
    ...(judged.listeners === undefined ? {} : { listeners: [...judged.listeners] }),
    ...(judged.sockets === undefined ? {} : { sockets: [...judged.sockets] }),
  });
  return {
    host,
    instances,
    service,
    hostRelease: release,
    binary,
    user,
    test,
    health,
    stopTimeoutMs,
    ...(rotation.service.handover === undefined ? {} : { sockets: rotation.service.handover.sockets }),
    payload,
    reuse: current,
    downgrade: false,
    ops: { prepare: [], activate: [] },
    observation,
    current,
    changes: certificateChanges(rotation, observation, instances[0]?.name ?? ''),
    reload: rotation.service.reload,
    handover: handoverOf(rotation, observation, judged.listeners),
  };
}

/** The unit and the addresses are those of the release that runs: a certificate changes neither. */
function handoverOf(
  { service: { handover } }: Rotation,
  observation: Observation,
  listeners: ReadonlyMap<string, readonly string[]> | undefined,
): Wish['handover'] {
  if (handover === undefined) return {};
  const [instance, seen] = [...observation.instances][0] ?? [];
  return handoverRule(
    { ...handover, listeners: listeners ?? handover.listeners },
    {
      observation,
      before: undefined,
      unit: textOf(observation, `unit:${instance}`),
      unitSha256: seen?.unitSha256 ?? '',
    },
  );
}

function withoutProbesOf(names: readonly string[], health: ServiceStep['health']): ServiceStep['health'] {
  return new Map(
    [...health].map(([instance, check]) => [
      instance,
      {
        ...check,
        probes: check.probes.filter((p) => p.kind !== 'tls' || !names.includes(p.certificate ?? '')),
      },
    ]),
  );
}

function hostProblems(
  request: RotationRequest,
  host: HostName,
  { certificates }: Rotation,
  observation: Observation,
): readonly Problem[] {
  const lost = certificates.flatMap(({ step, chain }): readonly Problem[] => {
    const [leaf] = chain;
    const olds = [...observation.instances.keys()].flatMap((i) => fileOf(observation, i, step.name) ?? []);
    if (leaf === undefined || request.allowSanRemoval) return [];
    const names = [...new Set(olds.flatMap((old) => lostNames(old, leaf)))];
    if (names.length === 0) return [];
    const words = `the new certificate ${step.name} is not good for ${names.join(', ')}, as the one on ${host} is`;
    return [{ host, code: 'PD3507', message: `${words} (--allow-san-removal goes on all the same)` }];
  });
  return [...clockProblems(host, observation.facts.clockSkewMs, certificates), ...lost];
}

function certificateChanges(
  { certificates }: Rotation,
  observation: Observation,
  instance: string,
): readonly PlannedChange[] {
  return certificates.map(({ step, fingerprint }) => {
    const old = fileOf(observation, instance, step.name);
    const from = old === undefined ? '' : fingerprintOf(old);
    const change = { field: 'sha256', from: shortId(from), to: shortId(fingerprint) };
    return from === fingerprint
      ? { step: step.id, action: 'same', changes: [] }
      : { step: step.id, action: 'change', changes: [change] };
  });
}

/** Named after the release that it was made of. */
function releaseOf(request: RotationRequest, wishes: ReadonlyMap<HostName, Wish>): Release {
  const all = [...wishes.values()];
  const id = fleetReleaseId(all.map((wish) => wish.hostRelease.digest));
  const record = all[0]?.observation.releases.find((r) => r.digest === all[0]?.current);
  const isSame = all.every((wish) => wish.current === wish.hostRelease.digest);
  const [certificate] = [...request.rotations.values()].flatMap((r) => r.certificates);
  const plain = (record?.label ?? '').replace(/\+cert-[0-9a-f]{7}$/, '');
  const label = isSame ? record?.label : `${plain}+cert-${shortId(certificate?.fingerprint ?? '')}`;
  return {
    service: request.service,
    id,
    label: request.label ?? label ?? shortId(id),
    createdAt: new Date().toISOString(),
    metadata: {},
  };
}

function planHost(host: Host, look: Observed | undefined, wish: Wish | undefined): PlanHost {
  if (look?.kind !== 'observed') return unseen(host, look);
  const { observation } = look;
  const digest = wish?.hostRelease.digest ?? '';
  const present = observation.releases.some((r) => r.digest === digest && r.intact);
  const currents = [...observation.instances.values()].map((i) => i.current);
  return {
    host,
    seen: {
      kind: 'observed',
      observation,
      compiled: {
        digest,
        bytes: present ? 0 : (wish?.payload?.sizeOfTexts ?? 0),
        unitSha256: [...observation.instances.values()][0]?.unitSha256 ?? '',
        reloadFrom: wish?.reload === true ? [...new Set(currents)] : [],
        ...wish?.handover,
        changes: wish?.changes ?? [],
        irreversible: [],
      },
    },
  };
}

/** Who goes back must be shown the certificate that the release before has, by the host's own file. */
function formerOf(
  request: RotationRequest,
  observations: ReadonlyMap<HostName, Observation>,
): Made['former'] {
  return (host, digest): FormerRelease => {
    const rotation = request.rotations.get(host);
    const observation = observations.get(host);
    const instance = [...(observation?.instances ?? [])].find(([, i]) => i.current === digest)?.[0] ?? '';
    const judges = new Map<HostName, Judge>();
    if (rotation !== undefined && observation !== undefined) {
      const olds = rotation.certificates.flatMap((certificate): readonly Certificate[] => {
        const file = fileOf(observation, instance, certificate.step.name);
        return file === undefined ? [] : [{ ...certificate, fingerprint: fingerprintOf(file) }];
      });
      judges.set(host, { ...rotation, service: withTlsProbes(rotation.service, olds) });
    }
    return formerReleases(observations, judges)(host, digest);
  };
}
