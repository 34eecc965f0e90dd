import { decodeStatus, statusRequest } from '../host/verbs/status.ts';
import { watchRequest } from '../host/verbs/watch.ts';
import type { Action } from '../rollout/action.ts';
import { type DeploymentContext, locate } from './deployment-context.ts';
import { failureOf } from './prepare-host.ts';
import { formerServes, settleTrial, WENT_BACK, watchTrial } from './update-instance.ts';

type Recheck = Extract<Action, { kind: 'recheck' }>;

const DEADLINE_MS = 15_000;

/** Asks the host how an operation ended that was in flight when its controller died. The host's own record wins. */
export async function recheckInstance(context: DeploymentContext, action: Recheck): Promise<void> {
  const { recorder } = context;
  const at = locate(context, action.instance);
  const { instance } = action;
  recorder.record({ type: 'recheck.started', instance });
  const trial = context.trials.get(instance);
  if (trial === undefined || action.during === 'revert') {
    await context.drains.undrain(at);
    recorder.record({ type: 'update.reset', instance, why: 'asked again from the start' });
    return;
  }
  const link = context.fleet.link(at.host.host);
  const input = { opId: trial.opId, service: at.target.service, instance: at.instance.name };
  const result = await link.call(statusRequest(input), { deadlineMs: DEADLINE_MS });
  const status = result.kind === 'ok' ? decodeStatus(result.lines) : undefined;
  switch (status?.kind) {
    case 'committed':
      await context.drains.undrain(at);
      recorder.record({ type: 'instance.committed', instance });
      return;
    case 'none':
      await context.drains.undrain(at);
      recorder.record({ type: 'update.reset', instance, why: 'the host never began it' });
      return;
    case 'rolled-back': {
      const failure =
        status.by === 'controller'
          ? { code: 'PD4001', message: 'was being taken back when its controller died' }
          : {
              code: WENT_BACK,
              message: `went back by itself (${status.by}) while no controller was there`,
            };
      // One that is not back yet is brought back into traffic by whoever sees to it that it is.
      if (status.restored === true) {
        await formerServes(context, at, trial.opId);
        await context.drains.undrain(at);
      }
      const evidence = status.evidence === undefined ? {} : { evidence: status.evidence };
      recorder.record({
        type: 'instance.failed',
        instance,
        failure,
        ...evidence,
        unreachable: false,
        restored: status.restored === true,
      });
      return;
    }
    case 'pending': {
      const check = at.target.health.get(at.instance.name);
      if (check === undefined) throw new Error(`no health check for ${instance}`);
      const request = watchRequest({
        ...input,
        expect: at.instance.to,
        binary: at.target.binary,
        health: check,
        streamSeconds: context.plan.strategy.healthyDeadlineMs / 1_000,
      });
      const started = performance.now();
      const seen = await watchTrial(context, at, request, check, started);
      if (!context.gone.aborted) await settleTrial(context, at, trial.opId, seen, started);
      return;
    }
    case undefined: {
      const failure = failureOf(result);
      recorder.record({
        type: 'instance.failed',
        instance,
        failure,
        unreachable: result.kind !== 'error',
        restored: false,
      });
    }
  }
}
