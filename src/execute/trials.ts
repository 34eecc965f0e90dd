import type { Event } from '../model/event.ts';
import type { InstanceId } from '../model/host.ts';

export type Trial = { readonly opId: string; readonly committed: boolean };

/** The last operation of each instance: what a revert or a recheck has to ask the host about. */
export type Trials = {
  get(instance: InstanceId): Trial | undefined;
  see(event: Event): void;
};

/** Follows the events of a deployment; a resume gives it the old ones first. */
export function followTrials(events: readonly Event[]): Trials {
  const trials = new Map<InstanceId, Trial>();
  const see = (event: Event): void => {
    if (event.type === 'update.started') trials.set(event.instance, { opId: event.opId, committed: false });
    if (event.type === 'instance.committed') {
      const trial = trials.get(event.instance);
      if (trial !== undefined) trials.set(event.instance, { ...trial, committed: true });
    }
  };
  for (const event of events) see(event);
  return { get: (instance) => trials.get(instance), see };
}
