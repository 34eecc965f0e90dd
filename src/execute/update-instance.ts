import { decodeEvidence } from '../host/decode/evidence.ts';
import { activateRequest } from '../host/verbs/activate.ts';
import { commitRequest } from '../host/verbs/commit.ts';
import { decodeFirst, rollbackRequest } from '../host/verbs/rollback.ts';
import { decodeStatus, statusRequest } from '../host/verbs/status.ts';
import { watchRequest } from '../host/verbs/watch.ts';
import type { Failure } from '../model/event.ts';
import type { Evidence, HealthCheck } from '../model/health.ts';
import type { InstanceId } from '../model/host.ts';
import { type DeploymentContext, locate, operationId } from './deployment-context.ts';
import { type GateResult, gate } from './gate.ts';
import type { CallResult } from './host-link.ts';
import { fencedBy } from './lease.ts';
import { failureOf } from './prepare-host.ts';
import type { Located } from './target.ts';
import { seeThrough, throughMs } from './through/see-through.ts';

const COMMIT_DEADLINE_MS = 20_000;
const ROLLBACK_DEADLINE_MS = 60_000;
const STATUS_DEADLINE_MS = 15_000;
/** Room for the start, and for the commit to reach the host, before the host goes back by itself. */
const GUARD_MARGIN_MS = 30_000;

const NO_CHECK: HealthCheck = {
  probes: [{ kind: 'systemd' }],
  listens: [],
  intervalMs: 1_000,
  minHealthyMs: 0,
  healthyDeadlineMs: 60_000,
};

/** Code of an instance whose host took it back before anybody asked. */
export const WENT_BACK = 'PD4020';

/** Switches one instance to the new release, watches it, and commits. What goes wrong is an event. */
export async function updateInstance(context: DeploymentContext, id: InstanceId): Promise<void> {
  const { recorder, plan } = context;
  const at = locate(context, id);
  const opId = operationId(context, id);
  recorder.record({ type: 'update.started', instance: id, opId, from: at.instance.from, to: at.instance.to });
  if (context.drains.has(at, 'update')) {
    const refused = await context.drains.drain(at, trialMs(context, at));
    if (context.gone.aborted) return;
    if (refused !== undefined) return notDrained(context, at, refused);
  }
  const started = performance.now();
  const check = at.target.health.get(at.instance.name) ?? NO_CHECK;
  const request = activateRequest({
    ...scope(context, at, opId),
    from: at.instance.from,
    to: at.instance.to,
    binary: at.target.binary,
    reload: at.instance.action === 'reload',
    ...socketOf(at),
    downgrade: at.target.downgrade,
    guardSeconds: (trialMs(context, at) + context.drains.undrainMs(at) + seeingMs(context, at)) / 1_000,
    stopTimeoutMs: at.target.stopTimeoutMs,
    health: check,
    streamSeconds: plan.strategy.healthyDeadlineMs / 1_000 + 5,
    ops: at.target.ops.activate,
  });
  const result = await watchTrial(context, at, request, check, started, (line) => {
    // From here on the host waits for its service to stop and start.
    if (line.startsWith('armed ')) expectNext(context, id);
  });
  if (!context.gone.aborted) await settleTrial(context, at, opId, result, started);
}

function trialMs({ plan }: DeploymentContext, at: Located): number {
  return plan.strategy.healthyDeadlineMs + at.target.stopTimeoutMs + GUARD_MARGIN_MS;
}

/** How much longer a trial may take because it is looked at through balancers, and drained again when that goes wrong. */
function seeingMs({ drains }: DeploymentContext, at: Located): number {
  const ms = throughMs(at);
  return ms === 0 ? 0 : ms + (drains.has(at, 'update') ? drains.waitMs(at) : 0);
}

/** Nothing was done to it but that. */
async function notDrained(context: DeploymentContext, at: Located, failure: Failure): Promise<void> {
  await context.drains.undrain(at);
  const instance = at.instance.id;
  context.recorder.record({ type: 'instance.failed', instance, failure, unreachable: false, restored: true });
}

/** Where the instance hands over, when that is what the plan has for it. */
export function socketOf(at: Located): { readonly handover?: string } {
  const socket = at.instance.action === 'handover' ? at.target.sockets?.get(at.instance.name) : undefined;
  return socket === undefined ? {} : { handover: socket };
}

/** The next calls: a commit or a rollback here, then the switch of the instance that comes after. */
function expectNext(context: DeploymentContext, id: InstanceId): void {
  const all = context.plan.hosts.flatMap((h) => h.instances.map((i) => ({ host: h.host, instance: i })));
  const at = all.findIndex((one) => one.instance.id === id);
  const next = all.slice(at + 1).find((one) => one.instance.action !== 'nothing');
  for (const one of [all[at], next]) if (one !== undefined) context.fleet.link(one.host).expectCall();
}

/** Reads the samples of a trial and records them. */
export function watchTrial(
  context: DeploymentContext,
  at: Located,
  request: Parameters<typeof gate>[0]['request'],
  check: HealthCheck,
  started: number,
  onLine: (line: string) => void = () => undefined,
): Promise<GateResult> {
  const { recorder, plan } = context;
  let switched = false;
  return gate({
    link: context.fleet.link(at.host.host),
    request,
    check,
    ids: { release: plan.release.id, label: plan.release.label },
    minHealthyMs: plan.strategy.minHealthyMs,
    healthyDeadlineMs: plan.strategy.healthyDeadlineMs,
    address: at.target.host.connection.address,
    gone: context.gone,
    onSwitched: () => void context.drains.switched(at),
    onLine,
    onSample: (sample, progress) => {
      if (!switched && sample.pid > 0) {
        switched = true;
        recorder.record({
          type: 'update.switched',
          instance: at.instance.id,
          pid: sample.pid,
          ms: Math.round(performance.now() - started),
        });
      }
      recorder.record({ type: 'health.probed', instance: at.instance.id, sample, ...progress });
    },
  });
}

/** Commits a healthy trial, takes a bad one back. */
export async function settleTrial(
  context: DeploymentContext,
  at: Located,
  opId: string,
  result: GateResult,
  started: number,
): Promise<void> {
  const { recorder, plan } = context;
  const instance = at.instance.id;
  if (result.kind === 'healthy') {
    recorder.record({
      type: 'instance.healthy',
      instance,
      ms: Math.round(performance.now() - started),
      probes: result.probes,
    });
    const stuck = await context.drains.undrain(at);
    if (context.gone.aborted) return;
    if (stuck !== undefined) return giveUp(context, at, opId, stuck);
    if (throughMs(at) === 0) return commitTrial(context, at, opId);
    const unseen = await seeThrough(context, at, {
      release: { release: plan.release.id, label: plan.release.label },
      before: context.former(at.host.host, at.instance.from).ids,
      pid: result.pid,
      patient: false,
    });
    if (context.gone.aborted) return;
    if (unseen === undefined) return commitTrial(context, at, opId);
    // It gets traffic, and what it has of that is not to be cut off by the way back.
    if (context.drains.has(at, 'update')) await context.drains.drain(at, trialMs(context, at));
    if (context.gone.aborted) return;
    return giveUp(context, at, opId, unseen);
  }
  if (result.kind === 'ended' && result.result.kind === 'error' && result.result.code === 'rolledback')
    return wentBack(context, at, opId);
  const failure =
    result.kind === 'unhealthy' ? { code: 'PD4001', message: result.why } : failureOf(result.result);
  const holder = result.kind === 'ended' ? fencedBy(result.result) : undefined;
  if (holder !== undefined) return fenced(context, at, holder, { failure, restored: true });
  await giveUp(context, at, opId, failure);
}

/** Takes a trial back, and tells why it had to. */
async function giveUp(
  context: DeploymentContext,
  at: Located,
  opId: string,
  failure: Failure,
): Promise<void> {
  const { recorder, plan } = context;
  const instance = at.instance.id;
  const back = await takeBack(context, at, opId);
  if (back.holder !== undefined) return fenced(context, at, back.holder, { failure, restored: false });
  if (back.first === 'guard' || back.first === 'reboot') return wentBack(context, at, opId);
  // Otherwise whoever sees the old release healthy brings it back into traffic.
  if (back.neverBegun || plan.strategy.rollback === 'none' || plan.strategy.maxFailures > 0)
    await context.drains.undrain(at);
  recorder.record({
    type: 'instance.failed',
    instance,
    failure,
    ...(back.evidence === undefined ? {} : { evidence: back.evidence }),
    unreachable: back.unreachable,
    restored: back.neverBegun,
  });
}

export async function commitTrial(context: DeploymentContext, at: Located, opId: string): Promise<void> {
  const instance = at.instance.id;
  const result = await context.fleet
    .link(at.host.host)
    .call(commitRequest(scope(context, at, opId)), { deadlineMs: COMMIT_DEADLINE_MS });
  if (result.kind === 'ok') {
    context.recorder.record({ type: 'instance.committed', instance });
    return;
  }
  if (result.kind === 'error' && result.code === 'rolledback') return wentBack(context, at, opId);
  const holder = fencedBy(result);
  if (holder !== undefined)
    return fenced(context, at, holder, { failure: failureOf(result), restored: false });
  context.recorder.record({
    type: 'instance.failed',
    instance,
    failure: failureOf(result),
    unreachable: result.kind !== 'error',
    restored: false,
  });
}

/** Somebody else has the host now. Whatever this deployment would do there could undo what they do. */
function fenced(
  { recorder }: DeploymentContext,
  at: Located,
  holder: string,
  end: { readonly failure: Failure; readonly restored: boolean },
): void {
  recorder.record({ type: 'lease.lost', host: at.host.host, holder });
  recorder.record({ type: 'instance.failed', instance: at.instance.id, ...end, unreachable: false });
}

/** The host was first: its guard fired, or it was booted. It knows which, and whether the old release runs again. */
async function wentBack(context: DeploymentContext, at: Located, opId: string): Promise<void> {
  const request = statusRequest({ opId, service: at.target.service, instance: at.instance.name });
  const result = await context.fleet.link(at.host.host).call(request, { deadlineMs: STATUS_DEADLINE_MS });
  const status = result.kind === 'ok' ? decodeStatus(result.lines) : undefined;
  const known = status?.kind === 'rolled-back' ? status : undefined;
  if (known?.restored === true) await formerServes(context, at, opId);
  await context.drains.undrain(at);
  const by = known === undefined ? '' : ` (${known.by})`;
  context.recorder.record({
    type: 'instance.failed',
    instance: at.instance.id,
    failure: { code: WENT_BACK, message: `went back by itself${by} before it was committed` },
    ...(known?.evidence === undefined ? {} : { evidence: known.evidence }),
    unreachable: false,
    restored: known?.restored !== false,
  });
}

/** It gets no traffic before it serves again. One that does not is brought back all the same: its balancers will tell. */
export async function formerServes(context: DeploymentContext, at: Located, opId: string): Promise<void> {
  const { fleet, plan, drains } = context;
  const former = context.former(at.host.host, at.instance.from);
  const health = former.health(at.instance.name);
  if (!drains.left().includes(at.instance.id) || at.instance.from === '' || health === undefined) return;
  await drains.switched(at);
  const { healthyDeadlineMs } = plan.strategy;
  const request = watchRequest({
    ...{ opId, service: at.target.service, instance: at.instance.name },
    ...{ expect: at.instance.from, binary: former.binary, health },
    streamSeconds: healthyDeadlineMs / 1_000,
  });
  await gate({
    ...{ link: fleet.link(at.host.host), request, check: health, ids: former.ids },
    ...{ minHealthyMs: 0, healthyDeadlineMs, address: at.target.host.connection.address, gone: context.gone },
    onSwitched: () => undefined,
    onSample: () => undefined,
  });
}

type Back = {
  readonly evidence: Evidence | undefined;
  readonly unreachable: boolean;
  readonly neverBegun: boolean;
  /** Who had taken it back before. */
  readonly first: ReturnType<typeof decodeFirst>;
  /** Somebody else has the host. */
  readonly holder: string | undefined;
};

/** The host goes back at once, before anything is reported: every second on a bad release counts. */
async function takeBack(context: DeploymentContext, at: Located, opId: string): Promise<Back> {
  const result: CallResult = await context.fleet
    .link(at.host.host)
    .call(rollbackRequest(scope(context, at, opId)), { deadlineMs: ROLLBACK_DEADLINE_MS });
  const lines = result.kind === 'ok' || result.kind === 'error' ? result.lines : [];
  return {
    evidence: decodeEvidence(lines),
    unreachable: result.kind === 'unreachable' || result.kind === 'unknown',
    neverBegun: result.kind === 'error' && result.code === 'not-found',
    first: decodeFirst(lines),
    holder: fencedBy(result),
  };
}

export function scope(context: DeploymentContext, at: Located, opId: string) {
  return {
    opId,
    service: at.target.service,
    instance: at.instance.name,
    epoch: context.leases.epoch(at.host.host),
    deployment: context.recorder.deployment,
  };
}
