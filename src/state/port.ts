import type { Event, EventBody, Outcome } from '../model/event.ts';
import type { HostName } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import type { Release, ReleaseMark, ReleaseRecord } from '../model/release.ts';

export type ControlKind = 'pause' | 'continue' | 'promote' | 'abort';

/** What somebody at another terminal asked of a running deployment. */
export type Control = {
  readonly id: number;
  readonly deployment: string;
  readonly kind: ControlKind;
  readonly by: string;
  readonly at: string;
};

/** The process that performs a deployment. `alive` is `unknown` when it was started on another machine. */
export type Runner = {
  readonly deployment: string;
  readonly pid: number;
  readonly hostname: string;
  readonly bootId: string;
  /** Start of the process in clock ticks since boot: a pid alone is given out again. */
  readonly startTime: string;
  readonly since: string;
  readonly alive: 'yes' | 'no' | 'unknown';
};

/** One line of the history. `outcome` and `took` (milliseconds) are absent until it has finished. */
export type DeploymentSummary = {
  readonly id: string;
  readonly service: string;
  readonly inventory: string;
  readonly startedAt: string;
  readonly actor: string;
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly hosts: number;
  readonly instances: number;
  readonly outcome?: Outcome;
  readonly cause: string;
  readonly took?: number;
  readonly events: number;
  readonly lastAt: string;
};

export type StoredRelease = ReleaseRecord & { readonly savedAt: string; readonly markedAt?: string };

export type ChainProblem = {
  readonly n: number;
  readonly deployment: string;
  readonly seq: number;
  readonly what: string;
};

export type ChainReport = {
  readonly ok: boolean;
  readonly events: number;
  /** Hash of the newest event, '' when there is none. */
  readonly head: string;
  readonly problems: readonly ChainProblem[];
};

/**
 * The controller's record: deployments, their events as one hash chain, releases and their marks, and what other
 * terminals ask for. Every write is on disk when the call returns. All calls throw StateError.
 */
export interface StateStore {
  /** Reserves an id and keeps the plan. The deployment exists for others from its first event on. */
  createDeployment(plan: Plan, random?: () => number): string;
  /** `t`: milliseconds since the deployment started. The returned event is what was written. */
  appendEvent(deployment: string, body: EventBody, t: number): Event;
  events(deployment: string): Event[];
  plan(deployment: string): Plan | undefined;

  deployment(id: string): DeploymentSummary | undefined;
  /** Newest first. */
  deployments(filter?: {
    readonly limit?: number;
    readonly service?: string;
    readonly inventory?: string;
  }): DeploymentSummary[];
  latestDeployment(service: string, inventory: string): DeploymentSummary | undefined;
  /** The latest one when it can be resumed: it has no outcome, or was interrupted. */
  unfinished(service: string, inventory: string): DeploymentSummary | undefined;

  /** Keeps the mark of a release that is already known; digests are added to those known. */
  saveRelease(release: Release, digests: ReadonlyMap<HostName, string>): void;
  markRelease(service: string, id: string, mark: ReleaseMark, by: string, reason?: string): void;
  /** By id, by label, or by the first digits of the id (four or more) when only one has them. */
  release(service: string, idOrLabel: string): StoredRelease | undefined;
  /** Last deployed first. */
  releases(service: string): StoredRelease[];
  /** The release proven last, without the excluded ones; with `hosts`, one that was on all of them. */
  provenRelease(
    service: string,
    excludeIds?: readonly string[],
    hosts?: readonly HostName[],
  ): StoredRelease | undefined;

  postControl(deployment: string, kind: ControlKind, by: string): void;
  /** What was asked since the last call, oldest first. Cheap when there is nothing. */
  takeControls(deployment: string): Control[];

  /** Says that this process performs the deployment; refuses when another live one does. */
  startRunning(deployment: string): void;
  runner(deployment: string): Runner | undefined;
  /** Those that may be alive. */
  running(): Runner[];
  stopRunning(deployment: string): void;

  /** The newest link of the chain, to be kept elsewhere as an anchor. */
  head(): { readonly n: number; readonly hash: string };
  /** Hash of the event of that number, from 1; undefined when there is none. */
  eventHash(n: number): string | undefined;
  verifyChain(deployment?: string): ChainReport;
  close(): void;
}
