import { readFileSync } from 'node:fs';
import type { Event } from '../../src/model/event.ts';
import { median } from './numbers.ts';

/** Where the seconds of one rollout went, by its own event log. Milliseconds. */
export type Phases = {
  /** From the start of the process to the first event: Node, inventory, playbook, connections, observation, plan, leases. */
  readonly plan: number;
  /** All hosts, in parallel. */
  readonly prepare: number;
  /** All instances, one at a time. */
  readonly switch: number;
  /** From the last instance to the end of the process. */
  readonly finish: number;
  /** Medians over the instances: until the first sample, until the gate is passed, until the next one starts. */
  readonly toSwitched: number;
  readonly toHealthy: number;
  readonly toCommitted: number;
};

/** @param started, ended wall clock of the process, Unix milliseconds */
export function phasesOf(events: readonly Event[], started: number, ended: number): Phases {
  const of = <T extends Event['type']>(type: T) =>
    events.filter((e): e is Extract<Event, { type: T }> => e.type === type);
  const first = events[0];
  if (first === undefined) throw new Error('there are no events');
  const origin = Date.parse(first.at) - first.t;
  const lastPrepared = Math.max(0, ...of('prepare.finished').map((e) => e.t));
  const lastCommitted = Math.max(0, ...of('instance.committed').map((e) => e.t));
  const starts = new Map(of('update.started').map((e) => [e.instance, e.t]));
  const since = (e: { readonly instance: string; readonly t: number }): number =>
    e.t - (starts.get(e.instance) ?? e.t);
  return {
    plan: origin - started,
    prepare: lastPrepared,
    switch: lastCommitted - lastPrepared,
    finish: ended - origin - lastCommitted,
    toSwitched: median(of('update.switched').map(since)),
    toHealthy: median(of('instance.healthy').map(since)),
    toCommitted: median(of('instance.committed').map(since)),
  };
}

export function readEvents(file: string): readonly Event[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Event);
}
