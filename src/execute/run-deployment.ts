import pLimit from 'p-limit';
import { EXIT, type ExitCode } from '../errors.ts';
import { finishRequest } from '../host/verbs/finish.ts';
import { undoRequest } from '../host/verbs/undo.ts';
import type { Event, EventBody, Outcome } from '../model/event.ts';
import type { HostName, InstanceId } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import { isIdle, rolloutInput } from '../plan/rollout-input.ts';
import type { Reporter } from '../report/port.ts';
import { type Action, actionKey } from '../rollout/action.ts';
import { decide } from '../rollout/decide.ts';
import { exitCodeOf } from '../rollout/exit-code.ts';
import { start } from '../rollout/start.ts';
import { isInFlight, needsRevert } from '../rollout/status.ts';
import { transition } from '../rollout/transition.ts';
import { StateError } from '../state/errors.ts';
import type { StateStore } from '../state/port.ts';
import { anchorNow } from './audit.ts';
import { type DeploymentContext, type FormerRelease, locate } from './deployment-context.ts';
import { openDrains } from './drain/drains.ts';
import type { Fleet } from './fleet.ts';
import type { HookRunner } from './hooks.ts';
import { acquireLeases, describe, fencedBy, type Leases, type SeenLease } from './lease.ts';
import { type DeploymentKind, markRelease } from './mark-release.ts';
import { prepareHost } from './prepare-host.ts';
import { recheckInstance } from './recheck-instance.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { revertInstance } from './revert-instance.ts';
import { runLoop } from './run-loop.ts';
import type { HostTarget } from './target.ts';
import { followTrials } from './trials.ts';
import { updateInstance } from './update-instance.ts';

/** How a person or another terminal interferes. */
export type Interruption = {
  /** First Ctrl-C: aborted with who did it as its reason. */
  readonly stop: AbortSignal;
  /** Second Ctrl-C. */
  readonly gone: AbortSignal;
};

export type DeploymentInput = {
  readonly plan: Plan;
  readonly targets: ReadonlyMap<HostName, HostTarget>;
  readonly former: (host: HostName, digest: string) => FormerRelease;
  readonly tools: (host: HostName) => readonly string[];
  readonly fleet: Fleet;
  /** Leases that others held when the plan was made; of a resume they say nothing. */
  readonly seenLeases?: ReadonlyMap<HostName, SeenLease>;
  readonly forks: number;
  readonly store: StateStore;
  readonly reporter: (deployment: string) => Promise<Reporter>;
  readonly hooks: HookRunner;
  readonly actor: string;
  readonly interruption: Interruption;
  /** Digests to keep on a host besides those the agent keeps by itself. */
  readonly keep: (host: HostName) => readonly string[];
  /** Where programs of the playbook are started. Default: where pdeploy was. */
  readonly cwd?: string;
  /** An interrupted deployment to go on with. */
  readonly resume?: string;
  readonly kind: DeploymentKind;
};

export type DeploymentResult = {
  readonly deployment: string;
  readonly outcome: Outcome;
  readonly exitCode: ExitCode;
  readonly events: readonly Event[];
  /** Its record could not be written any more. What was in hand then is the hosts' own affair. */
  readonly lost?: StateError;
};

/** Performs a plan. Everything that happens is in the state store before it is done. */
export async function runDeployment(input: DeploymentInput): Promise<DeploymentResult> {
  const { plan, store } = input;
  const deployment = input.resume ?? store.createDeployment(plan);
  const past = input.resume === undefined ? [] : store.events(deployment);
  const hosts = plan.hosts.filter((h) => !isIdle(h)).map((h) => h.host);
  store.startRunning(deployment);
  const trials = followTrials(past);
  const reporter = await input.reporter(deployment);
  let recorder: Recorder | undefined;
  let leases: Leases | undefined;
  try {
    const early: EventBody[] = [];
    const tell = (body: EventBody): void => {
      if (recorder === undefined) early.push(body);
      else recorder.tryRecord(body);
    };
    leases = await acquireLeases({
      fleet: input.fleet,
      service: plan.service,
      deployment,
      holder: input.actor,
      hosts,
      mayMiss: plan.strategy.onUnreachable !== 'fail',
      isOver: (other) => isOver(store, other),
      ...(input.seenLeases === undefined ? {} : { seen: input.seenLeases }),
      onAcquired: (host, epoch) => tell({ type: 'lease.acquired', host, epoch }),
      onLost: (host, holder) => tell({ type: 'lease.lost', host, holder }),
    });
    recorder = createRecorder({
      deployment,
      store,
      reporter,
      initial: past.reduce(transition, start(rolloutInput(plan, deployment))),
      startedAt: past.at(-1)?.t ?? 0,
      onEvent: (event) => {
        trials.see(event);
        drains.see(event);
      },
    });
    const [running, held] = [recorder, leases];
    const gone = AbortSignal.any([input.interruption.gone, recorder.lost]);
    const drains = openDrains({
      fleet: input.fleet,
      deployment,
      service: plan.service,
      epoch: held.epoch,
      gone,
      cwd: input.cwd ?? process.cwd(),
      past,
      record: (body) => running.record(body),
    });
    recorder.record(
      input.resume === undefined ? started(input, hosts) : { type: 'deployment.resumed', actor: input.actor },
    );
    for (const body of [...early, ...(input.resume === undefined ? leftOut(plan) : [])])
      recorder.record(body);
    const context: DeploymentContext = {
      plan,
      fleet: input.fleet,
      leases,
      recorder,
      trials,
      targets: input.targets,
      former: input.former,
      tools: input.tools,
      drains,
      gone,
    };
    await perform(input, context);
    recorder.lost.throwIfAborted();
    return await finish(input, context);
  } catch (error) {
    if (!(error instanceof StateError) || recorder === undefined || leases === undefined) throw error;
    return await endUnrecorded(input, recorder, leases, error);
  } finally {
    leases?.stop();
    forgetRunner(store, deployment);
    await reporter.end();
  }
}

/** It ended, or died before its first event: on a host that was out of reach then, its lease may be left. */
function isOver(store: StateStore, deployment: string): boolean {
  if (store.plan(deployment) === undefined || store.runner(deployment)?.alive === 'yes') return false;
  const { outcome } = store.deployment(deployment) ?? { outcome: 'never-started' };
  return outcome !== undefined && outcome !== 'interrupted';
}

/** Stops at once: the guards take back what is not committed, and `resume` goes on when there is a record again. */
async function endUnrecorded(
  { plan, store }: DeploymentInput,
  recorder: Recorder,
  leases: Leases,
  lost: StateError,
): Promise<DeploymentResult> {
  const { deployment } = recorder;
  const exitCode = exitCodeOf('interrupted', recorder.state());
  const untouched = exitCode === EXIT.cancelled;
  if (untouched) await leases.release(plan.hosts.map((h) => h.host));
  const events = store.events(deployment);
  return { deployment, outcome: 'interrupted', exitCode: untouched ? EXIT.refused : exitCode, events, lost };
}

/** Where nothing can be written it stays; that its process is gone is seen all the same. */
function forgetRunner(store: StateStore, deployment: string): void {
  try {
    store.stopRunning(deployment);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
  }
}

/** Hosts that could not even be looked at are not in the plan's list; that they are left out belongs into the log. */
function leftOut(plan: Plan): readonly EventBody[] {
  const type = plan.strategy.onUnreachable === 'defer' ? 'host.deferred' : 'host.skipped';
  return plan.unreachable.map(({ host, why }) => ({ type, host, why }));
}

function started(input: DeploymentInput, hosts: readonly HostName[]): EventBody {
  const { plan } = input;
  return {
    type: 'deployment.started',
    actor: input.actor,
    service: plan.service,
    inventory: plan.inventory.name,
    from: plan.previous.id,
    to: plan.release.id,
    label: plan.release.label,
    hosts: hosts.length,
    instances: plan.hosts.flatMap((h) => h.instances).length,
    plan: plan.id,
  };
}

async function perform(input: DeploymentInput, context: DeploymentContext): Promise<void> {
  const { recorder, plan } = context;
  const limit = pLimit(Math.max(1, input.forks));
  const { stop } = input.interruption;
  const onStop = (): void => {
    recorder.tryRecord({ type: 'deployment.stopping', by: String(stop.reason ?? 'a signal') });
  };
  if (stop.aborted) onStop();
  stop.addEventListener('abort', onStop, { once: true });
  const hook = async (name: 'beforeWave' | 'afterWave', wave: string): Promise<void> => {
    const done = await input.hooks(name, { PDEPLOY_DEPLOYMENT: recorder.deployment, PDEPLOY_WAVE: wave });
    if (done === undefined) return;
    recorder.record(done);
    if (!done.ok) recorder.record({ type: 'deployment.aborted', by: `the hook ${name}, which failed` });
  };
  await runLoop(
    recorder,
    {
      prepare: (a) => limit(() => prepareIfWanted(context, a)),
      update: (a) => updateInstance(context, a.instance),
      recheck: (a) => recheckInstance(context, a),
      revert: (a) => revertInstance(context, a),
      beforeEmit: async (body) => {
        if (body.type === 'wave.started') await hook('beforeWave', String(body.wave));
        // Before the last event: who is killed in between has a deployment that can be resumed.
        if (body.type !== 'deployment.finished') return;
        for (const id of broughtBack(context)) await context.drains.undrain(locate(context, id));
        await close(input, context, body);
      },
      afterEmit: async (body) => {
        if (body.type === 'wave.finished') await hook('afterWave', String(body.wave));
      },
      poll: () => {
        for (const control of input.store.takeControls(recorder.deployment)) {
          const verbs = {
            pause: 'paused',
            continue: 'continued',
            promote: 'promoted',
            abort: 'aborted',
          } as const;
          recorder.record({ type: `deployment.${verbs[control.kind]}`, by: control.by });
        }
      },
    },
    context.gone,
  );
  stop.removeEventListener('abort', onStop);
  void plan;
}

/** While it waited for its turn another host may have failed, and nothing more is to be begun. */
async function prepareIfWanted(
  context: DeploymentContext,
  action: Extract<Action, { kind: 'prepare' }>,
): Promise<void> {
  const { recorder } = context;
  const wanted = decide(recorder.state(), recorder.now()).some((a) => actionKey(a) === actionKey(action));
  if (wanted) await prepareHost(context, action.host);
}

async function finish(input: DeploymentInput, context: DeploymentContext): Promise<DeploymentResult> {
  const { recorder, plan, leases } = context;
  const deployment = recorder.deployment;
  const done = recorder.state().finished;
  const outcome: Outcome = done?.outcome ?? 'interrupted';
  const hosts = plan.hosts.map((h) => h.host).filter((h) => leases.epoch(h) > 0);
  if (input.interruption.gone.aborted && done === undefined) {
    return {
      deployment,
      outcome,
      exitCode: exitCodeOf(outcome, recorder.state()),
      events: input.store.events(deployment),
    };
  }
  if (outcome === 'interrupted') await leases.release(hosts);
  const facts = {
    PDEPLOY_DEPLOYMENT: deployment,
    PDEPLOY_OUTCOME: outcome,
    PDEPLOY_CAUSE: done?.cause ?? '',
  };
  for (const name of outcome === 'succeeded' || outcome === 'unchanged'
    ? (['afterDeployment'] as const)
    : (['onFailure', 'afterDeployment'] as const)) {
    const ran = await input.hooks(name, facts);
    if (ran !== undefined) recorder.record(ran);
  }
  return {
    deployment,
    outcome,
    // Out of traffic is out of service, whatever release it runs.
    exitCode: context.drains.left().length > 0 ? EXIT.needsPerson : exitCodeOf(outcome, recorder.state()),
    events: input.store.events(deployment),
  };
}

/**
 * What is still out and may have traffic again. Where a trial is open that nobody has asked about yet, or that somebody else
 * ends, it is restarted later: the timer that brings it back comes after its guard.
 */
function broughtBack({ drains, recorder }: DeploymentContext): readonly InstanceId[] {
  const state = recorder.state();
  return drains.left().filter((id) => {
    const instance = state.instances.get(id);
    if (instance === undefined || isInFlight(instance) || instance.status === 'interrupted') return false;
    return state.leaseLost === undefined || instance.status !== 'failed' || !needsRevert(instance);
  });
}

/** What the end of a deployment means for its release and its hosts. May be repeated. */
async function close(
  input: DeploymentInput,
  context: DeploymentContext,
  { outcome, cause }: Extract<EventBody, { type: 'deployment.finished' }>,
): Promise<void> {
  const { recorder, plan, leases } = context;
  if (outcome === 'interrupted') return;
  const hosts = plan.hosts.map((h) => h.host).filter((h) => leases.epoch(h) > 0);
  await Promise.all(hosts.map((host) => finishHost(input, context, host, outcome)));
  if (recorder.state().leaseLost === undefined) markRelease(input, recorder, outcome, cause);
}

async function finishHost(
  input: DeploymentInput,
  context: DeploymentContext,
  host: HostName,
  outcome: Outcome,
): Promise<void> {
  const { recorder, plan, leases } = context;
  const target = input.targets.get(host);
  const link = context.fleet.link(host);
  leases.renewNoMore(host);
  const common = { service: plan.service, epoch: leases.epoch(host), deployment: recorder.deployment };
  const back = outcome === 'rolled-back' || outcome === 'aborted';
  if (back || (input.kind === 'setup' && outcome === 'failed')) {
    const undone = await link.call(undoRequest({ opId: `${recorder.deployment}-undo`, ...common }), {
      deadlineMs: 30_000,
      unlessGone: true,
    });
    if (undone.kind === 'error')
      recorder.record({
        type: 'note',
        level: 'warn',
        host,
        text: `not everything could be undone: ${undone.message}`,
      });
  }
  const digest = target?.hostRelease.digest ?? '';
  const proven = digest !== '' && (outcome === 'succeeded' || outcome === 'unchanged') ? digest : undefined;
  const anchor = anchorNow(input.store);
  const request = finishRequest({
    opId: `${recorder.deployment}-fin`,
    ...common,
    keep: input.keep(host),
    ...(anchor === undefined ? {} : { anchor }),
    ...(proven === undefined ? {} : { proven }),
  });
  const result = await link.call(request, { deadlineMs: 30_000, unlessGone: true });
  const holder = fencedBy(result);
  if (holder !== undefined) recorder.record({ type: 'lease.lost', host, holder });
  else if (result.kind !== 'ok')
    recorder.record({
      type: 'note',
      level: 'warn',
      host,
      text: `its part of the deployment was not closed: ${describe(result)}; its lease frees itself within 120 s`,
    });
}
