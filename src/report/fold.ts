import type { Event } from '../model/event.ts';
import type { HostName, InstanceId } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import { assertNever } from '../util/assert-never.ts';
import { type HostView, type InstanceView, NEW_INSTANCE, type View, type WaveView } from './view.ts';

const WARNINGS_KEPT = 20;

type Draft = {
  -readonly [K in keyof Omit<View, 'hosts' | 'instances' | 'waves'>]: View[K];
} & {
  hosts: Map<HostName, HostView>;
  instances: Map<InstanceId, InstanceView>;
  waves: Map<number, WaveView>;
};

/** Before the first event. What the plan knows is there from the start: all waves, all instances. */
export function initialView(plan?: Plan): View {
  const instances = plan?.hosts.flatMap((host) => host.instances) ?? [];
  return {
    deployment: '',
    service: plan?.service ?? '',
    inventory: plan?.inventory.name ?? '',
    actor: '',
    from: plan?.previous.id ?? '',
    to: plan?.release.id ?? '',
    label: plan?.release.label ?? '',
    startedAt: Number.NaN,
    totalHosts: plan?.hosts.length ?? 0,
    totalInstances: instances.length,
    hosts: new Map(),
    instances: new Map(
      instances.map((i) => [i.id, { ...NEW_INSTANCE, id: i.id, from: i.from, to: i.to }] as const),
    ),
    waves: new Map(plan?.waves.map((w) => [w.number, { ...w, phase: 'waiting', startedT: 0 }] as const)),
    broken: new Set(instances.filter((i) => i.broken).map((i) => i.id)),
    already: new Set(instances.filter((i) => i.action === 'nothing' && i.from === i.to).map((i) => i.id)),
    prepared: false,
    preparedMs: 0,
    lastT: 0,
    expectedWaveMs:
      plan === undefined ? 0 : plan.strategy.minHealthyMs + plan.strategy.pauseBetweenWavesMs + 2_000,
    manualPromotion: plan?.strategy.promote === 'manual',
    promoted: false,
    warnings: [],
  };
}

/** The view after one more event. Takes every event in every state. */
export function foldView(view: View, event: Event): View {
  return apply(draftOf(view), event);
}

/** A view that follows: for reporters, which need no view of the past. */
export function follow(plan?: Plan): { readonly view: View; readonly add: (event: Event) => void } {
  const draft = draftOf(initialView(plan));
  return {
    view: draft,
    add: (event) => {
      apply(draft, event);
    },
  };
}

export function viewOf(events: Iterable<Event>, plan?: Plan): View {
  const draft = draftOf(initialView(plan));
  for (const event of events) apply(draft, event);
  return draft;
}

function draftOf(view: View): Draft {
  return {
    ...view,
    hosts: new Map(view.hosts),
    instances: new Map(view.instances),
    waves: new Map(view.waves),
  };
}

function apply(draft: Draft, event: Event): Draft {
  draft.last = event;
  draft.deployment = event.deployment;
  draft.lastT = Math.max(draft.lastT, event.t);
  if (Number.isNaN(draft.startedAt)) draft.startedAt = Date.parse(event.at) - event.t;
  switch (event.type) {
    case 'deployment.started':
      draft.service = event.service;
      draft.inventory = event.inventory;
      draft.actor = event.actor;
      draft.from = event.from;
      draft.to = event.to;
      draft.label = event.label;
      draft.totalHosts = event.hosts;
      draft.totalInstances = event.instances;
      break;
    case 'lease.acquired':
      break;
    case 'lease.lost':
      draft.leaseLostTo = event.holder;
      break;
    case 'prepare.started':
      setHost(draft, event.host, { phase: 'running' });
      break;
    case 'prepare.finished':
      setHost(draft, event.host, { phase: 'done', bytesSent: event.bytesSent, ms: event.ms });
      break;
    case 'prepare.failed':
      setHost(draft, event.host, { phase: 'failed', why: event.failure.message });
      break;
    case 'host.skipped':
      setHost(draft, event.host, { phase: 'skipped', why: event.why });
      break;
    case 'host.deferred':
      setHost(draft, event.host, { phase: 'deferred', why: event.why });
      break;
    case 'prepare.completed':
      draft.prepared = true;
      draft.preparedMs = event.t;
      break;
    case 'wave.started':
      draft.waves.set(event.wave, {
        number: event.wave,
        instances: event.instances,
        canary: event.canary,
        phase: 'running',
        startedT: event.t,
      });
      for (const id of event.instances) setInstance(draft, id, {});
      break;
    case 'wave.finished': {
      const wave = draft.waves.get(event.wave);
      if (wave !== undefined) draft.waves.set(event.wave, { ...wave, phase: 'done', ms: event.ms });
      break;
    }
    case 'update.started':
      draft.instances.set(event.instance, {
        ...NEW_INSTANCE,
        id: event.instance,
        phase: 'switching',
        touched: true,
        from: event.from,
        to: event.to,
      });
      break;
    case 'drain.started':
      setInstance(draft, event.instance, { draining: event.through });
      break;
    case 'drain.finished':
    case 'drain.failed':
      forgetDrain(draft, event.instance);
      break;
    case 'undrain.finished':
    case 'traffic.seen':
    // It goes back then, and that is told.
    case 'traffic.failed':
      break;
    case 'undrain.failed':
      warn(draft, `${event.instance} ${event.failure.message}`);
      break;
    case 'update.switched':
      forgetDrain(draft, event.instance);
      setInstance(draft, event.instance, { phase: 'trial', touched: true });
      break;
    case 'health.probed':
      setInstance(draft, event.instance, {
        sample: event.sample,
        healthyForMs: event.healthyForMs,
        needMs: event.needMs,
      });
      break;
    case 'instance.healthy':
      setInstance(draft, event.instance, { phase: 'healthy', touched: true, healthyMs: event.ms });
      break;
    case 'instance.committed':
      setInstance(draft, event.instance, { phase: 'committed', touched: true });
      break;
    case 'instance.failed':
      setInstance(draft, event.instance, {
        phase: 'failed',
        touched: true,
        failure: event.failure,
        unreachable: event.unreachable,
        restored: event.restored,
        ...(event.evidence === undefined ? {} : { evidence: event.evidence }),
      });
      break;
    case 'recheck.started':
      setInstance(draft, event.instance, { phase: 'rechecking', touched: true });
      break;
    case 'update.reset':
      setInstance(draft, event.instance, { phase: 'waiting', touched: false });
      break;
    case 'revert.started':
      setInstance(draft, event.instance, { phase: 'reverting', touched: true, needMs: 0 });
      forgetSample(draft, event.instance);
      break;
    case 'instance.reverted':
      setInstance(draft, event.instance, { phase: 'reverted', touched: true, revertedMs: event.ms });
      break;
    case 'revert.failed':
      setInstance(draft, event.instance, {
        phase: 'revert-failed',
        touched: true,
        restored: false,
        revertFailure: event.failure,
        fix: event.fix,
        ...(event.evidence === undefined ? {} : { revertEvidence: event.evidence }),
      });
      break;
    case 'rollback.started':
      draft.rollback = { cause: event.cause, scope: event.scope, instances: event.instances };
      break;
    case 'deployment.paused':
      draft.pausedBy = event.by;
      break;
    case 'deployment.continued':
      delete draft.pausedBy;
      break;
    case 'deployment.promoted':
      draft.promoted = true;
      break;
    case 'deployment.aborted':
      draft.abortedBy = event.by;
      delete draft.pausedBy;
      break;
    case 'deployment.stopping':
      draft.stoppingBy = event.by;
      break;
    case 'deployment.resumed':
      draft.actor = event.actor;
      delete draft.pausedBy;
      delete draft.stoppingBy;
      delete draft.leaseLostTo;
      delete draft.finished;
      break;
    case 'hook.finished':
      if (!event.ok) warn(draft, `hook ${event.hook} failed: ${event.output}`);
      break;
    case 'note':
      if (event.level === 'warn') warn(draft, event.text, event.host);
      break;
    case 'deployment.finished':
      draft.finished = {
        outcome: event.outcome,
        cause: event.cause,
        ms: event.ms,
        release: event.release,
        counts: event.counts,
      };
      break;
    default:
      return assertNever(event);
  }
  return draft;
}

function setHost(draft: Draft, host: HostName, change: Partial<HostView>): void {
  const known = draft.hosts.get(host) ?? { host, phase: 'running', bytesSent: 0, ms: 0, why: '' };
  draft.hosts.set(host, { ...known, ...change });
}

function setInstance(draft: Draft, id: InstanceId, change: Partial<InstanceView>): void {
  draft.instances.set(id, { ...(draft.instances.get(id) ?? { ...NEW_INSTANCE, id }), ...change });
}

/** What was seen of the new release says nothing about the old one. */
function forgetSample(draft: Draft, id: InstanceId): void {
  const { sample: _, ...rest } = draft.instances.get(id) ?? { ...NEW_INSTANCE, id };
  draft.instances.set(id, rest);
}

function forgetDrain(draft: Draft, id: InstanceId): void {
  const { draining: _, ...rest } = draft.instances.get(id) ?? { ...NEW_INSTANCE, id };
  draft.instances.set(id, rest);
}

function warn(draft: Draft, text: string, host?: HostName): void {
  const warning = host === undefined ? { text } : { host, text };
  draft.warnings = [...draft.warnings, warning].slice(-WARNINGS_KEPT);
}
