import { decodeEvidence } from '../host/decode/evidence.ts';
import type { AgentRequest } from '../host/request.ts';
import { activateRequest } from '../host/verbs/activate.ts';
import { commitRequest } from '../host/verbs/commit.ts';
import { rollbackRequest } from '../host/verbs/rollback.ts';
import type { Failure } from '../model/event.ts';
import type { Evidence, HealthCheck } from '../model/health.ts';
import { shortId } from '../model/release.ts';
import type { Action } from '../rollout/action.ts';
import { type DeploymentContext, locate, operationId } from './deployment-context.ts';
import type { Refusal } from './drain/part.ts';
import { gate } from './gate.ts';
import type { CallResult } from './host-link.ts';
import { fencedBy } from './lease.ts';
import { failureOf } from './prepare-host.ts';
import type { Located } from './target.ts';
import { seeThrough, throughMs } from './through/see-through.ts';
import { scope, socketOf } from './update-instance.ts';

type Revert = Extract<Action, { kind: 'revert' }>;
type Outcome =
  | { readonly ok: true; readonly pid?: number }
  | { readonly ok: false; readonly failure: Failure; readonly evidence?: Evidence; readonly holder?: string };

const COMMIT_DEADLINE_MS = 20_000;
const GUARD_MARGIN_MS = 30_000;

/** Takes one instance back to the release it had. One attempt: a rollback that fails needs a person, not a loop. */
export async function revertInstance(context: DeploymentContext, action: Revert): Promise<void> {
  const at = locate(context, action.instance);
  const opId = operationId(context, action.instance);
  const { recorder } = context;
  recorder.record({ type: 'revert.started', instance: action.instance, opId, to: action.to });
  const started = performance.now();
  const trial = context.trials.get(action.instance);
  // That it serves until then is better than that it stays where it is.
  if (context.drains.has(at, 'revert') && !context.drains.isOut(action.instance)) {
    const { healthyDeadlineMs } = context.plan.strategy;
    await context.drains.drain(at, healthyDeadlineMs + at.target.stopTimeoutMs + GUARD_MARGIN_MS);
  }
  // A first install has no older release to switch to: the host takes it back, committed or not.
  const byHost = trial !== undefined && (!trial.committed || action.to === '');
  let outcome = byHost ? await endTrial(context, at, trial.opId, action) : undefined;
  outcome ??= await activateFormer(context, at, opId, action);
  if (context.gone.aborted) return;
  const stuck = await context.drains.undrain(at);
  if (context.gone.aborted) return;
  const wrong = stuck ?? (throughMs(at) > 0 ? await notSeen(context, at, action, outcome) : undefined);
  if (context.gone.aborted) return;
  if (outcome.ok && wrong !== undefined) outcome = { ok: false, failure: wrong };
  if (outcome.ok) {
    recorder.record({
      type: 'instance.reverted',
      instance: action.instance,
      to: action.to,
      ms: Math.round(performance.now() - started),
    });
    return;
  }
  const { failure, evidence, holder } = outcome;
  if (holder !== undefined) recorder.record({ type: 'lease.lost', host: at.host.host, holder });
  recorder.record({
    type: 'revert.failed',
    instance: action.instance,
    failure,
    ...(evidence === undefined ? {} : { evidence }),
    fix:
      holder === undefined
        ? fixes(context, at, action)
        : [`pdeploy lock status -i ${context.plan.inventory.name}`],
  });
}

/** What was broken before is not looked at; what was not is seen to serve again, when its own health check asks for it. */
async function notSeen(
  context: DeploymentContext,
  at: Located,
  action: Revert,
  outcome: Outcome,
): Promise<Refusal> {
  if (!outcome.ok || action.broken || action.to === '') return undefined;
  const former = context.former(at.host.host, action.to);
  const { id, label } = context.plan.release;
  const see = {
    release: former.ids,
    before: { release: id, label },
    pid: outcome.pid ?? 0,
    patient: true,
  };
  return await seeThrough(context, at, see, former.health(at.instance.name)?.through !== undefined);
}

/** Of an uncommitted trial: the host goes back by its own record. Undefined when it was committed after all. */
async function endTrial(
  context: DeploymentContext,
  at: Located,
  trial: string,
  action: Revert,
): Promise<Outcome | undefined> {
  const former = context.former(at.host.host, action.to);
  const check = former.health(at.instance.name);
  const watched = action.to !== '' && !action.broken && check !== undefined;
  const request = rollbackRequest({
    ...scope(context, at, trial),
    ...(watched
      ? {
          watch: {
            binary: former.binary,
            health: check,
            streamSeconds: context.plan.strategy.healthyDeadlineMs / 1_000,
          },
        }
      : {}),
  });
  if (watched) return gated(context, at, request, check, action);
  const result = await context.fleet
    .link(at.host.host)
    .call(request, { deadlineMs: context.plan.strategy.healthyDeadlineMs, unlessGone: true });
  if (result.kind === 'ok') return { ok: true };
  if (result.kind === 'error' && result.code === 'conflict')
    return action.to === '' ? notBack(result) : undefined;
  return neverBegun(result) ? { ok: true } : notBack(result);
}

/** The request to switch was lost on its way: the instance is as it was. */
function neverBegun(result: CallResult): boolean {
  return result.kind === 'error' && result.code === 'not-found';
}

/** The host refused, or could not be asked. */
function notBack(result: CallResult, evidence?: Evidence): Outcome {
  const holder = fencedBy(result);
  return {
    ok: false,
    failure: failureOf(result),
    ...(evidence === undefined ? {} : { evidence }),
    ...(holder === undefined ? {} : { holder }),
  };
}

/** Of a committed instance: the former release goes through the same trial as any other. */
async function activateFormer(
  context: DeploymentContext,
  at: Located,
  opId: string,
  action: Revert,
): Promise<Outcome> {
  const { strategy } = context.plan;
  const former = context.former(at.host.host, action.to);
  const check = former.health(at.instance.name) ?? SYSTEMD_ONLY;
  const request = activateRequest({
    ...scope(context, at, opId),
    from: action.from,
    to: action.to,
    binary: former.binary,
    ...(action.broken ? {} : { ...socketOf(at), cold: true }),
    guardSeconds: (strategy.healthyDeadlineMs + at.target.stopTimeoutMs + GUARD_MARGIN_MS) / 1_000,
    stopTimeoutMs: at.target.stopTimeoutMs,
    health: check,
    streamSeconds: strategy.healthyDeadlineMs / 1_000 + 5,
    ops: [],
  });
  const outcome = await gated(
    context,
    at,
    request,
    action.broken || action.to === '' ? SYSTEMD_ONLY : check,
    action,
  );
  if (outcome !== undefined && !outcome.ok && !action.broken) return outcome;
  const result = await context.fleet
    .link(at.host.host)
    .call(commitRequest(scope(context, at, opId)), { deadlineMs: COMMIT_DEADLINE_MS, unlessGone: true });
  return result.kind === 'ok' ? { ok: true, ...pidOf(outcome) } : notBack(result);
}

function pidOf(outcome: Outcome | undefined): { readonly pid?: number } {
  return outcome?.ok === true && outcome.pid !== undefined ? { pid: outcome.pid } : {};
}

async function gated(
  context: DeploymentContext,
  at: Located,
  request: AgentRequest,
  check: HealthCheck,
  action: Revert,
): Promise<Outcome | undefined> {
  const { strategy } = context.plan;
  const lines: string[] = [];
  const result = await gate({
    link: context.fleet.link(at.host.host),
    request,
    check,
    ids: context.former(at.host.host, action.to).ids,
    minHealthyMs: strategy.minHealthyMs,
    healthyDeadlineMs: strategy.healthyDeadlineMs,
    address: at.target.host.connection.address,
    gone: context.gone,
    unlessGone: true,
    onSwitched: () => void context.drains.switched(at),
    onSample: (sample, progress) => {
      context.recorder.record({ type: 'health.probed', instance: at.instance.id, sample, ...progress });
    },
    onLine: (line) => lines.push(line),
  });
  if (result.kind === 'healthy') return { ok: true, pid: result.pid };
  const evidence = decodeEvidence(lines);
  if (result.kind === 'unhealthy') {
    const failure = {
      code: 'PD4021',
      message: `is back on ${shortId(action.to)} but ${result.why}`,
    };
    return { ok: false, failure, ...(evidence === undefined ? {} : { evidence }) };
  }
  if (result.result.kind === 'ok' || (request.verb === 'rollback' && neverBegun(result.result)))
    return { ok: true };
  if (result.result.kind === 'error' && result.result.code === 'conflict') return undefined;
  return notBack(result.result, evidence);
}

const SYSTEMD_ONLY: HealthCheck = {
  probes: [{ kind: 'systemd' }],
  listens: [],
  intervalMs: 500,
  minHealthyMs: 0,
  healthyDeadlineMs: 60_000,
};

function fixes(context: DeploymentContext, at: Located, action: Revert): readonly string[] {
  const { plan } = context;
  const only = `-i ${plan.inventory.name} -l ${at.host.host}`;
  if (action.to === '') return [`pdeploy rollout ${only}`, `pdeploy lab ssh ${at.host.host}`].slice(0, 1);
  const release = plan.previous.id === '' ? action.to : plan.previous.id;
  return [`pdeploy rollback ${only} --to ${shortId(release)}`];
}
