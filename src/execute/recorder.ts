import type { Event, EventBody } from '../model/event.ts';
import type { Reporter } from '../report/port.ts';
import type { DeploymentState } from '../rollout/state.ts';
import { transition } from '../rollout/transition.ts';
import type { StateStore } from '../state/port.ts';
import { failpoint } from './failpoint.ts';
import { eventWithoutSecrets } from './without-secrets.ts';

/** The one way an event comes to be: on disk first, then in the state machine, then on the screen. */
export type Recorder = {
  readonly deployment: string;
  record(body: EventBody): Event;
  state(): DeploymentState;
  /** Monotonic milliseconds since the start of the deployment, across resumes. */
  now(): number;
  /**
   * Aborted with the error when an event could not be written. What cannot be recorded is not done: from then on `record`
   * throws, and nothing more may be begun.
   */
  readonly lost: AbortSignal;
  /** For callbacks of streams and signals, where nobody could catch it: a record that is lost is no error of theirs. */
  tryRecord(body: EventBody): void;
  /** Resolves at the next event. */
  changed(): Promise<void>;
};

export function createRecorder(input: {
  readonly deployment: string;
  readonly store: StateStore;
  readonly reporter: Reporter;
  readonly initial: DeploymentState;
  readonly startedAt: number;
  readonly onEvent: (event: Event) => void;
}): Recorder {
  const lost = new AbortController();
  let state = input.initial;
  let wake: (() => void)[] = [];
  const opened = performance.now();
  const now = (): number => Math.round(input.startedAt + performance.now() - opened);
  const write = (body: EventBody): Event => {
    lost.signal.throwIfAborted();
    try {
      return input.store.appendEvent(input.deployment, eventWithoutSecrets(body), now());
    } catch (error) {
      lost.abort(error);
      throw error;
    }
  };
  const record = (body: EventBody): Event => {
    failpoint(`event.${body.type}.before`);
    const event = write(body);
    failpoint(`event.${body.type}.after`);
    state = transition(state, event);
    input.onEvent(event);
    input.reporter.event(event);
    const waiting = wake;
    wake = [];
    for (const call of waiting) call();
    return event;
  };
  return {
    deployment: input.deployment,
    now,
    state: () => state,
    record,
    lost: lost.signal,
    tryRecord: (body) => {
      try {
        record(body);
      } catch (error) {
        if (!lost.signal.aborted) throw error;
      }
    },
    changed: () =>
      new Promise((resolve) => {
        wake.push(resolve);
      }),
  };
}
