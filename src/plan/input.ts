import type { Observation } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import type { Plan, PlannedChange, PlanWarning } from '../model/plan.ts';
import type { Release, ReleaseRecord } from '../model/release.ts';
import type { Strategy } from '../model/strategy.ts';

/** What a host is to get, rendered and diffed already. */
export type Compiled = {
  readonly digest: string;
  /** Of the payload, when all of it has to be sent. */
  readonly bytes: number;
  readonly unitSha256: string;
  /** Release directories that a process may have loaded for a reload to be enough. */
  readonly reloadFrom: readonly string[];
  /** Why a running instance cannot hand over, '' when it can; undefined where instances are restarted anyway. */
  readonly noHandover?: (instance: string) => string;
  readonly changes: readonly PlannedChange[];
  /** What cannot be undone, in words: `command:migrate: the old binary cannot read the new tables`. */
  readonly irreversible: readonly string[];
};

export type Seen =
  | { readonly kind: 'observed'; readonly observation: Observation; readonly compiled: Compiled }
  | { readonly kind: 'unreachable'; readonly why: string }
  /** Nobody asked: it is cordoned. */
  | { readonly kind: 'unseen' };

export type PlanHost = { readonly host: Host; readonly seen: Seen };

/** All that a plan is made of; it is made of nothing else. */
export type PlanInput = {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly service: string;
  readonly playbook: Plan['playbook'];
  readonly inventory: Plan['inventory'];
  readonly release: Release;
  /** Those selected, in the order of the inventory; cordoned ones too. */
  readonly hosts: readonly PlanHost[];
  readonly strategy: { readonly playbook: Partial<Strategy>; readonly flags: Partial<Strategy> };
  readonly records: readonly ReleaseRecord[];
  readonly warnings?: readonly PlanWarning[];
  readonly sha256: (text: string) => string;
};
