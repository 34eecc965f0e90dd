import type { HostName, InstanceId } from './host.ts';
import type { UnitAction, Wave } from './plan.ts';
import type { Strategy } from './strategy.ts';

export type RolloutHost = {
  readonly name: HostName;
  readonly zone?: string;
  readonly region?: string;
  /** Nothing is to be done there: it is not prepared, its instances only count. */
  readonly idle?: true;
};

export type RolloutInstance = {
  readonly id: InstanceId;
  readonly host: HostName;
  /** Release directory now ('' for none) and after. */
  readonly from: string;
  readonly to: string;
  readonly action: UnitAction;
  /** Not healthy before the deployment began. */
  readonly broken: boolean;
};

/** The part of a plan that says what happens when. Newest first and the like refer to the order of events, not of this list. */
export type RolloutInput = {
  readonly deployment: string;
  /** Fleet-wide release ids; `from` is '' on a first install. */
  readonly release: { readonly from: string; readonly to: string };
  readonly strategy: Strategy;
  readonly hosts: readonly RolloutHost[];
  readonly instances: readonly RolloutInstance[];
  readonly waves: readonly Wave[];
  /** What the clock of `Event.t` shows at the start; milliseconds, normally 0. */
  readonly epoch: number;
};
