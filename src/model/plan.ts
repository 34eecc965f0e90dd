import type { Cordon, HostName, InstanceId } from './host.ts';
import type { Release } from './release.ts';
import type { Change } from './resource.ts';
import type { Strategy } from './strategy.ts';

export type UnitAction = 'start' | 'restart' | 'handover' | 'reload' | 'nothing';

export type InstancePlan = {
  readonly id: InstanceId;
  readonly host: HostName;
  readonly name: string;
  readonly unit: string;
  readonly action: UnitAction;
  readonly why: string;
  /** Why it is restarted where its playbook wants a handover. */
  readonly noHandover?: string;
  /** Release directory now ('' for none) and after. */
  readonly from: string;
  readonly to: string;
  /** The durable unit file differs from the release's, so that the switch must reload systemd. */
  readonly unitChanged: boolean;
  /** Not running, or running something else than its current release: it goes first. */
  readonly broken: boolean;
};

/** A change of one step on one host. */
export type PlannedChange = {
  readonly step: string;
  readonly action: 'add' | 'change' | 'same';
  readonly changes: readonly Change[];
  /** Unified diff of a text, already free of secrets. */
  readonly diff?: string;
};

export type HostPlan = {
  readonly host: HostName;
  readonly zone?: string;
  readonly region?: string;
  readonly digest: string;
  /** Upper bound; 0 when the host has the release. */
  readonly bytesToSend: number;
  readonly changes: readonly PlannedChange[];
  readonly instances: readonly InstancePlan[];
  readonly rollback: { readonly possible: boolean; readonly to: string; readonly why: string };
  /** Changes when anything the plan relies on does. */
  readonly fingerprint: string;
};

export type Wave = {
  readonly number: number;
  readonly instances: readonly InstanceId[];
  readonly canary: boolean;
};

/** What does not stand in the way of a plan, and should be known. */
export type PlanWarning = { readonly code: string; readonly text: string };

/** The saved result of a diff of a playbook against observed hosts. Plain JSON; holds no secret. */
export type Plan = {
  readonly version: 1;
  readonly id: string;
  readonly createdAt: string;
  readonly service: string;
  readonly playbook: { readonly name: string; readonly file: string; readonly sha256: string };
  readonly inventory: { readonly name: string; readonly file: string; readonly git: string };
  readonly release: Release;
  /** What most instances run now; '' on a first install. */
  readonly previous: { readonly id: string; readonly label: string; readonly mark: string };
  readonly strategy: Strategy;
  /** By what an instance is taken out of traffic before it is restarted, in words, and how long requests may take. */
  readonly drain?: {
    readonly through: string;
    readonly waitMs: number;
    /** So much of it is waited in any case: nobody tells when the last request is done. */
    readonly leastMs?: number;
  };
  /** Through which balancers it is seen that an instance serves, and by when. */
  readonly through?: { readonly by: string; readonly withinMs: number };
  readonly hosts: readonly HostPlan[];
  readonly waves: readonly Wave[];
  readonly cordoned: readonly { readonly host: HostName; readonly cordon: Cordon }[];
  readonly unreachable: readonly { readonly host: HostName; readonly why: string }[];
  readonly warnings?: readonly PlanWarning[];
};
