import type { Failure, Outcome } from '../model/event.ts';
import type { HostName, InstanceId } from '../model/host.ts';
import type { RolloutHost, RolloutInput, RolloutInstance } from '../model/rollout.ts';

export type InstanceStatus =
  | 'current'
  | 'pending'
  | 'skipped'
  | 'updating'
  | 'verifying'
  | 'healthy'
  | 'committed'
  | 'failed'
  | 'interrupted'
  | 'rechecking'
  | 'reverting'
  | 'reverted'
  | 'revert-failed';

/** What is done to an instance that is in flight; an interrupted one is asked about this. */
export type Operation = 'update' | 'revert';

export type InstanceState = RolloutInstance & {
  readonly status: InstanceStatus;
  readonly during: Operation;
  /** The how-manieth to be started, from 1; 0 when it was never touched. */
  readonly order: number;
  /** Its host runs `from` again without having been asked to. */
  readonly restored: boolean;
  /** What it was before it was reverted. */
  readonly before: 'committed' | 'failed';
  readonly failure: Failure | undefined;
};

export type HostStatus = 'pending' | 'preparing' | 'prepared' | 'failed' | 'deferred' | 'skipped';

export type HostState = RolloutHost & {
  readonly status: HostStatus;
  /** It was deferred: this is its second and last try. */
  readonly retry: boolean;
  readonly unreachable: boolean;
  readonly changed: boolean;
  readonly failure: Failure | undefined;
};

export type OpenWave = {
  readonly number: number;
  readonly canary: boolean;
  readonly instances: readonly InstanceId[];
  readonly at: number;
};

export type Rollback = {
  readonly cause: string;
  readonly scope: string;
  /** In the order in which they go back. */
  readonly instances: readonly InstanceId[];
};

/** All that is known of a deployment: the fold of its events over its plan. Times in milliseconds on the clock of `Event.t`. */
export type DeploymentState = {
  readonly input: RolloutInput;
  readonly seq: number;
  readonly phase: 'prepare' | 'activate';
  readonly hosts: ReadonlyMap<HostName, HostState>;
  readonly instances: ReadonlyMap<InstanceId, InstanceState>;
  /** How many updates were started. */
  readonly starts: number;
  readonly wave: OpenWave | undefined;
  readonly lastWave: number;
  readonly lastWaveEndedAt: number | undefined;
  readonly awaitingPromotion: boolean;
  /** The progress deadline counts from here. */
  readonly progressAt: number;
  readonly paused: { readonly by: string; readonly at: number } | undefined;
  readonly stopping: string | undefined;
  readonly aborted: string | undefined;
  readonly leaseLost: string | undefined;
  readonly rollback: Rollback | undefined;
  readonly finished: { readonly outcome: Outcome; readonly cause: string } | undefined;
};
