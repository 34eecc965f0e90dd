import type {
  HostFacts,
  InstanceObservation,
  Observation,
  ReleaseObservation,
} from '../../src/model/facts.ts';
import type { Cordon, Host } from '../../src/model/host.ts';
import type { PlannedChange } from '../../src/model/plan.ts';
import type { Release } from '../../src/model/release.ts';
import type { Strategy } from '../../src/model/strategy.ts';
import type { Compiled, PlanHost, PlanInput } from '../../src/plan/input.ts';
import { sha256 } from '../../src/util/digest.ts';

export const OLD = '4f1c2a9'.padEnd(64, '0');
export const NEW = '9b7e01d'.padEnd(64, '0');
export const UNIT = 'unit-new';

export const RELEASE: Release = {
  service: 'edge',
  id: NEW,
  label: '9b7e01d',
  createdAt: '2026-11-22T22:50:00.000Z',
  metadata: {},
};

type HostOptions = {
  readonly zone?: string;
  readonly region?: string;
  readonly cordon?: Cordon;
  readonly instances?: readonly string[];
};

export function host(name: string, options: HostOptions = {}): Host {
  const { instances = ['1'], ...rest } = options;
  return {
    name,
    connection: {
      address: '198.18.0.1',
      port: 22,
      user: 'deploy',
      identities: [],
      knownHosts: [],
      hostKeys: [],
      jump: [],
      transport: 'auto',
    },
    groups: ['all'],
    vars: new Map(),
    ...rest,
    instances: instances.map((n) => ({
      id: `${name}@${n}`,
      host: name,
      service: 'edge',
      name: n,
      unit: `edge@${n}.service`,
      vars: new Map(),
    })),
  };
}

/** An instance that runs `digest` and is as it should be. */
export function running(digest: string, change: Partial<InstanceObservation> = {}): InstanceObservation {
  return {
    name: '1',
    unit: 'edge@1.service',
    current: digest,
    running: digest,
    activeState: 'active',
    subState: 'running',
    mainPid: 4121,
    restarts: 0,
    enabled: true,
    unitSha256: digest === NEW ? UNIT : 'unit-old',
    uptimeSeconds: 360,
    ...change,
  };
}

export function release(digest: string, change: Partial<ReleaseObservation> = {}): ReleaseObservation {
  return { digest, release: digest, label: digest.slice(0, 7), intact: true, ...change };
}

export function observation(
  instances: readonly InstanceObservation[],
  change: Partial<Omit<Observation, 'facts'>> & { readonly facts?: Partial<HostFacts> } = {},
): Observation {
  const { facts, ...rest } = change;
  return {
    instances: new Map(instances.map((i) => [i.name, i])),
    signing: { keys: [], version: '' },
    releases: [release(OLD)],
    answers: new Map(),
    epoch: 0,
    ...rest,
    facts: {
      host: 'x',
      arch: 'x86_64',
      os: 'Debian GNU/Linux 12',
      kernel: '6.1.0',
      systemd: 252,
      glibc: '2.36',
      bootId: 'b',
      clockSkewMs: 3,
      cpus: 2,
      memoryAvailable: 1e9,
      diskFree: 1e10,
      inodesFree: 1e6,
      tools: [],
      policy: 'deploy',
      nofileMax: 524_288,
      ...facts,
    },
  };
}

export const CHANGES: readonly PlannedChange[] = [
  { step: 'release', action: 'change', changes: [{ field: 'release', from: '4f1c2a9', to: '9b7e01d' }] },
  {
    step: 'edge@.service',
    action: 'change',
    changes: [{ field: 'LimitNOFILE', from: '65536', to: '131072' }],
  },
  { step: 'logrotate', action: 'same', changes: [] },
];

export function compiled(change: Partial<Compiled> = {}): Compiled {
  return {
    digest: NEW,
    bytes: 36_700_000,
    unitSha256: UNIT,
    reloadFrom: [],
    changes: CHANGES,
    irreversible: [],
    ...change,
  };
}

export function planHost(h: Host, seen: Observation, want: Compiled = compiled()): PlanHost {
  return { host: h, seen: { kind: 'observed', observation: seen, compiled: want } };
}

/** A host all of whose instances run the old release. */
export function onOld(name: string, options: HostOptions = {}): PlanHost {
  const h = host(name, options);
  return planHost(h, observation(h.instances.map((i) => running(OLD, { name: i.name, unit: i.unit }))));
}

/** A host on which nothing is left to do. */
export function onNew(name: string, options: HostOptions = {}): PlanHost {
  const h = host(name, options);
  const seen = observation(
    h.instances.map((i) => running(NEW, { name: i.name, unit: i.unit })),
    { releases: [release(OLD), release(NEW)] },
  );
  return planHost(
    h,
    seen,
    compiled({ changes: CHANGES.map((c) => ({ step: c.step, action: 'same', changes: [] })) }),
  );
}

export function planInput(hosts: readonly PlanHost[], strategy: Partial<Strategy> = {}): PlanInput {
  return {
    id: 'p-1',
    createdAt: '2026-11-22T23:01:00.000Z',
    service: 'edge',
    playbook: { name: 'rollout', file: 'playbooks/rollout.ts', sha256: 'a1' },
    inventory: { name: 'prod', file: 'inventories/prod.yaml', git: '81ac3f2, clean' },
    release: RELEASE,
    hosts,
    strategy: { playbook: strategy, flags: {} },
    records: [{ ...RELEASE, id: OLD, label: '4f1c2a9', mark: 'proven', digests: new Map() }],
    sha256,
  };
}
