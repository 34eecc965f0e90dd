import type { Counts, Event, Failure, Outcome } from '../model/event.ts';
import type { Evidence, Sample } from '../model/health.ts';
import type { HostName, InstanceId } from '../model/host.ts';

export type InstancePhase =
  | 'waiting'
  | 'switching'
  | 'trial'
  | 'healthy'
  | 'committed'
  | 'failed'
  | 'reverting'
  | 'reverted'
  | 'revert-failed'
  | 'rechecking';

/** One instance as the events tell it. Times in milliseconds. */
export type InstanceView = {
  readonly id: InstanceId;
  readonly phase: InstancePhase;
  /** Did any update or revert of it begin? */
  readonly touched: boolean;
  /** Release directories or digests as the events name them. */
  readonly from: string;
  readonly to: string;
  /** What it is being taken out of, at this moment. */
  readonly draining?: readonly string[];
  readonly sample?: Sample;
  readonly healthyForMs: number;
  readonly needMs: number;
  readonly healthyMs?: number;
  readonly revertedMs?: number;
  readonly failure?: Failure;
  readonly evidence?: Evidence;
  readonly unreachable: boolean;
  /** The host has gone back by itself. */
  readonly restored: boolean;
  readonly revertFailure?: Failure;
  readonly revertEvidence?: Evidence;
  readonly fix: readonly string[];
};

export type HostView = {
  readonly host: HostName;
  readonly phase: 'running' | 'done' | 'failed' | 'skipped' | 'deferred';
  readonly bytesSent: number;
  readonly ms: number;
  readonly why: string;
};

export type WaveView = {
  readonly number: number;
  readonly instances: readonly InstanceId[];
  readonly canary: boolean;
  readonly phase: 'waiting' | 'running' | 'done';
  readonly startedT: number;
  readonly ms?: number;
};

export type Warning = { readonly host?: HostName; readonly text: string };

/** All that is shown of a deployment; a fold of its events. */
export type View = {
  readonly deployment: string;
  readonly service: string;
  readonly inventory: string;
  readonly actor: string;
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** Milliseconds since 1970; NaN before the first event. */
  readonly startedAt: number;
  readonly totalHosts: number;
  readonly totalInstances: number;
  readonly hosts: ReadonlyMap<HostName, HostView>;
  readonly instances: ReadonlyMap<InstanceId, InstanceView>;
  readonly waves: ReadonlyMap<number, WaveView>;
  /** Not healthy before the deployment began. */
  readonly broken: ReadonlySet<InstanceId>;
  /** On the new release before the deployment began. */
  readonly already: ReadonlySet<InstanceId>;
  readonly prepared: boolean;
  readonly preparedMs: number;
  readonly lastT: number;
  /** What a wave should take, from the plan; 0 when there is none. */
  readonly expectedWaveMs: number;
  readonly manualPromotion: boolean;
  readonly promoted: boolean;
  readonly pausedBy?: string;
  readonly stoppingBy?: string;
  readonly abortedBy?: string;
  readonly leaseLostTo?: string;
  readonly rollback?: {
    readonly cause: string;
    readonly scope: string;
    readonly instances: readonly InstanceId[];
  };
  readonly warnings: readonly Warning[];
  readonly finished?: {
    readonly outcome: Outcome;
    readonly cause: string;
    readonly ms: number;
    readonly release: string;
    readonly counts: Counts;
  };
  readonly last?: Event;
};

export const NEW_INSTANCE: Omit<InstanceView, 'id'> = {
  phase: 'waiting',
  touched: false,
  from: '',
  to: '',
  healthyForMs: 0,
  needMs: 0,
  unreachable: false,
  restored: false,
  fix: [],
};
