import type { EventBody, Outcome } from '../model/event.ts';
import { type Action, actionKey } from '../rollout/action.ts';
import { decide } from '../rollout/decide.ts';
import { assertNever } from '../util/assert-never.ts';
import type { Recorder } from './recorder.ts';

/** Performs one action and appends what came of it. Never throws: a failure is an event. */
export type Perform = {
  readonly [K in 'prepare' | 'update' | 'recheck' | 'revert']: (
    action: Extract<Action, { readonly kind: K }>,
  ) => Promise<void>;
} & {
  /** Called with every event that `decide` asks to append, before it is appended. */
  readonly beforeEmit: (body: EventBody) => Promise<void>;
  readonly afterEmit: (body: EventBody) => Promise<void>;
  /** Called at every turn: requests of other terminals become events here. */
  readonly poll: () => void;
};

const POLL_MS = 200;

/**
 * The loop of the architecture: ask `decide`, perform, append, again, until there is nothing left to do.
 * @param gone aborted by a second Ctrl-C: leave at once, the hosts heal themselves
 */
export async function runLoop(recorder: Recorder, perform: Perform, gone: AbortSignal): Promise<void> {
  const inFlight = new Map<string, Promise<void>>();
  const leave = new Promise<void>((resolve) =>
    gone.addEventListener('abort', () => resolve(), { once: true }),
  );
  while (!gone.aborted) {
    perform.poll();
    const actions = decide(recorder.state(), recorder.now());
    if (actions.length === 0) break;
    const emit = actions.find((a) => a.kind === 'emit');
    if (emit !== undefined) {
      await perform.beforeEmit(emit.body);
      // What was learned on the way may forbid it: a host that is not ours any more when a deployment is to be closed.
      if (emit.body.type === 'deployment.finished' && !isStillWanted(recorder, emit.body.outcome)) continue;
      recorder.record(emit.body);
      await perform.afterEmit(emit.body);
      continue;
    }
    const changed = recorder.changed();
    for (const action of actions) {
      const key = actionKey(action);
      if (action.kind === 'wait' || action.kind === 'emit' || inFlight.has(key)) continue;
      inFlight.set(
        key,
        job(perform, action).finally(() => inFlight.delete(key)),
      );
    }
    await Promise.race([changed, ...inFlight.values(), leave, sleep(untilNext(actions, recorder.now()))]);
  }
  if (!gone.aborted) await Promise.all(inFlight.values());
}

function isStillWanted(recorder: Recorder, outcome: Outcome): boolean {
  return decide(recorder.state(), recorder.now()).some(
    (a) => a.kind === 'emit' && a.body.type === 'deployment.finished' && a.body.outcome === outcome,
  );
}

function job(perform: Perform, action: Exclude<Action, { kind: 'wait' | 'emit' }>): Promise<void> {
  switch (action.kind) {
    case 'prepare':
      return perform.prepare(action);
    case 'update':
      return perform.update(action);
    case 'recheck':
      return perform.recheck(action);
    case 'revert':
      return perform.revert(action);
    default:
      return assertNever(action);
  }
}

function untilNext(actions: readonly Action[], now: number): number {
  const until = actions.map((a) => (a.kind === 'wait' ? (a.until ?? Infinity) : Infinity));
  return Math.max(0, Math.min(POLL_MS, Math.min(...until) - now));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
