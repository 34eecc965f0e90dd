import type { Evidence, Sample } from './health.ts';
import type { HostName, InstanceId } from './host.ts';

export type Outcome = 'succeeded' | 'unchanged' | 'rolled-back' | 'failed' | 'interrupted' | 'aborted';

/** Why an instance or a host failed: a code a program can use and words for people. */
export type Failure = { readonly code: string; readonly message: string };

/** What happened, without when and where in the log. Times and durations in milliseconds, sizes in bytes. */
export type EventBody =
  | {
      readonly type: 'deployment.started';
      readonly actor: string;
      readonly service: string;
      readonly inventory: string;
      readonly from: string;
      readonly to: string;
      readonly label: string;
      readonly hosts: number;
      readonly instances: number;
      readonly plan: string;
    }
  | { readonly type: 'lease.acquired'; readonly host: HostName; readonly epoch: number }
  | { readonly type: 'lease.lost'; readonly host: HostName; readonly holder: string }
  | { readonly type: 'prepare.started'; readonly host: HostName }
  | {
      readonly type: 'prepare.finished';
      readonly host: HostName;
      readonly bytesSent: number;
      readonly ms: number;
      readonly changes: readonly string[];
    }
  | {
      readonly type: 'prepare.failed';
      readonly host: HostName;
      readonly failure: Failure;
      readonly unreachable: boolean;
    }
  | { readonly type: 'host.skipped'; readonly host: HostName; readonly why: string }
  | { readonly type: 'host.deferred'; readonly host: HostName; readonly why: string }
  | { readonly type: 'prepare.completed' }
  | {
      readonly type: 'wave.started';
      readonly wave: number;
      readonly instances: readonly InstanceId[];
      readonly canary: boolean;
    }
  | { readonly type: 'wave.finished'; readonly wave: number; readonly ms: number }
  | {
      readonly type: 'update.started';
      readonly instance: InstanceId;
      readonly opId: string;
      readonly from: string;
      readonly to: string;
    }
  /** Taking it out of traffic begins. `through`: by what, as `haproxy lb-1`. */
  | {
      readonly type: 'drain.started';
      readonly instance: InstanceId;
      readonly through: readonly string[];
    }
  | {
      readonly type: 'drain.finished';
      readonly instance: InstanceId;
      readonly through: readonly string[];
      readonly ms: number;
      /** Requests that were in flight at the deadline; absent when nobody can tell. */
      readonly left?: number;
    }
  | { readonly type: 'drain.failed'; readonly instance: InstanceId; readonly failure: Failure }
  | {
      readonly type: 'undrain.finished';
      readonly instance: InstanceId;
      readonly through: readonly string[];
      readonly ms: number;
    }
  | { readonly type: 'undrain.failed'; readonly instance: InstanceId; readonly failure: Failure }
  /** Asked through its balancers it answered as it should. `asked`: requests that this took. */
  | {
      readonly type: 'traffic.seen';
      readonly instance: InstanceId;
      readonly through: readonly string[];
      readonly asked: number;
      readonly ms: number;
    }
  | { readonly type: 'traffic.failed'; readonly instance: InstanceId; readonly failure: Failure }
  | {
      readonly type: 'update.switched';
      readonly instance: InstanceId;
      readonly pid: number;
      readonly ms: number;
    }
  | {
      readonly type: 'health.probed';
      readonly instance: InstanceId;
      readonly sample: Sample;
      readonly healthyForMs: number;
      readonly needMs: number;
    }
  | {
      readonly type: 'instance.healthy';
      readonly instance: InstanceId;
      readonly ms: number;
      readonly probes: number;
    }
  | { readonly type: 'instance.committed'; readonly instance: InstanceId }
  | {
      readonly type: 'instance.failed';
      readonly instance: InstanceId;
      readonly failure: Failure;
      readonly evidence?: Evidence;
      readonly unreachable: boolean;
      readonly restored: boolean;
    }
  /** An instance that was in flight when the controller died is looked at. */
  | { readonly type: 'recheck.started'; readonly instance: InstanceId }
  /** The look at it said that its host never began the operation: it is as it was before. */
  | { readonly type: 'update.reset'; readonly instance: InstanceId; readonly why: string }
  | {
      readonly type: 'revert.started';
      readonly instance: InstanceId;
      readonly opId: string;
      readonly to: string;
    }
  | {
      readonly type: 'instance.reverted';
      readonly instance: InstanceId;
      readonly to: string;
      readonly ms: number;
    }
  | {
      readonly type: 'revert.failed';
      readonly instance: InstanceId;
      readonly failure: Failure;
      readonly evidence?: Evidence;
      readonly fix: readonly string[];
    }
  | {
      readonly type: 'rollback.started';
      readonly cause: string;
      readonly scope: string;
      readonly instances: readonly InstanceId[];
    }
  | { readonly type: 'deployment.paused'; readonly by: string }
  | { readonly type: 'deployment.continued'; readonly by: string }
  | { readonly type: 'deployment.promoted'; readonly by: string }
  | { readonly type: 'deployment.aborted'; readonly by: string }
  | { readonly type: 'deployment.stopping'; readonly by: string }
  | { readonly type: 'deployment.resumed'; readonly actor: string }
  | {
      readonly type: 'hook.finished';
      readonly hook: string;
      readonly ok: boolean;
      readonly ms: number;
      readonly output: string;
    }
  | {
      readonly type: 'note';
      readonly level: 'info' | 'warn';
      readonly text: string;
      readonly host?: HostName;
    }
  | {
      readonly type: 'deployment.finished';
      readonly outcome: Outcome;
      readonly cause: string;
      readonly ms: number;
      readonly release: string;
      readonly counts: Counts;
    };

/** Instances by how they ended. `current` run the new release, `old` the one before. */
export type Counts = {
  readonly total: number;
  readonly current: number;
  readonly old: number;
  readonly healthy: number;
  readonly untouched: number;
  readonly failed: number;
};

/** One line of the log of a deployment. `at` is wall-clock time, ISO 8601 in UTC; `t` monotonic since the start. */
export type Event = {
  readonly v: 1;
  readonly seq: number;
  readonly at: string;
  readonly t: number;
  readonly deployment: string;
} & EventBody;

export type EventType = EventBody['type'];
export type EventOf<T extends EventType> = Extract<Event, { readonly type: T }>;
