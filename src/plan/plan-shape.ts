import type { Cordon } from '../model/host.ts';
import type { HostPlan, InstancePlan, Plan, PlannedChange, PlanWarning, Wave } from '../model/plan.ts';
import type { Release } from '../model/release.ts';
import type { Change } from '../model/resource.ts';
import type { Amount, Strategy } from '../model/strategy.ts';
import { flag, list, object, oneOf, type Shape, text, texts, whole } from './shape.ts';

export const VERSION = 1;

const amount = object<{ kind: Amount['kind']; value: number }>({
  kind: oneOf('count', 'percent'),
  value: whole,
}) as Shape<Amount>;

const strategy = object<Strategy>(
  {
    waves: list(amount),
    canary: whole,
    promote: oneOf('auto', 'manual'),
    minHealthyPerDomain: object<NonNullable<Strategy['minHealthyPerDomain']>>({
      domain: oneOf('zone', 'region', 'fleet'),
      amount,
    }),
    pauseBetweenWavesMs: whole,
    minHealthyMs: whole,
    healthyDeadlineMs: whole,
    progressDeadlineMs: whole,
    maxFailures: whole,
    rollback: oneOf('instance', 'wave', 'deployment', 'none'),
    onUnreachable: oneOf('fail', 'skip', 'defer'),
  },
  ['minHealthyPerDomain'],
);

const release = object<Release>({ service: text, id: text, label: text, createdAt: text, metadata: texts });

const instance = object<InstancePlan>(
  {
    id: text,
    host: text,
    name: text,
    unit: text,
    action: oneOf('start', 'restart', 'handover', 'reload', 'nothing'),
    why: text,
    noHandover: text,
    from: text,
    to: text,
    unitChanged: flag,
    broken: flag,
  },
  ['noHandover'],
);

const change = object<PlannedChange>(
  {
    step: text,
    action: oneOf('add', 'change', 'same'),
    changes: list(object<Change>({ field: text, from: text, to: text, secret: oneOf(true) }, ['secret'])),
    diff: text,
  },
  ['diff'],
);

const host = object<HostPlan>(
  {
    host: text,
    zone: text,
    region: text,
    digest: text,
    bytesToSend: whole,
    changes: list(change),
    instances: list(instance),
    rollback: object<HostPlan['rollback']>({ possible: flag, to: text, why: text }),
    fingerprint: text,
  },
  ['zone', 'region'],
);

export const planShape = object<Plan>(
  {
    version: oneOf(VERSION),
    id: text,
    createdAt: text,
    service: text,
    playbook: object<Plan['playbook']>({ name: text, file: text, sha256: text }),
    inventory: object<Plan['inventory']>({ name: text, file: text, git: text }),
    release,
    previous: object<Plan['previous']>({ id: text, label: text, mark: text }),
    strategy,
    drain: object<NonNullable<Plan['drain']>>({ through: text, waitMs: whole, leastMs: whole }, ['leastMs']),
    through: object<NonNullable<Plan['through']>>({ by: text, withinMs: whole }),
    hosts: list(host),
    waves: list(object<Wave>({ number: whole, instances: list(text), canary: flag })),
    cordoned: list(
      object<Plan['cordoned'][number]>({
        host: text,
        cordon: object<Cordon>({ reason: text, until: text }, ['until']),
      }),
    ),
    unreachable: list(object<Plan['unreachable'][number]>({ host: text, why: text })),
    warnings: list(object<PlanWarning>({ code: text, text })),
  },
  ['drain', 'through', 'warnings'],
);
