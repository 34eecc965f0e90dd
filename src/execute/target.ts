import type { Drain } from '../model/drain.ts';
import type { HealthCheck } from '../model/health.ts';
import type { Host, Instance } from '../model/host.ts';
import type { HostPlan, InstancePlan } from '../model/plan.ts';
import type { HostRelease, Release } from '../model/release.ts';
import type { HostOp } from '../model/resource.ts';
import type { ThroughFronts } from '../model/through.ts';
import type { Payload } from './payload.ts';

/** An instance where it is. */
export type Located = {
  readonly host: HostPlan;
  readonly instance: InstancePlan;
  readonly target: HostTarget;
};

/** What one host is to run, ready to be performed: the plan says whether and why, this says with what. */
export type HostTarget = {
  readonly host: Host;
  readonly instances: readonly Instance[];
  readonly service: string;
  /** Release directory and its fleet-wide release; the digest is '' for a playbook that only sets hosts up. */
  readonly hostRelease: HostRelease;
  readonly release: Release;
  readonly binary: string;
  /** Account of the service, for the config test. */
  readonly user: string;
  readonly test: readonly string[];
  readonly health: ReadonlyMap<string, HealthCheck>;
  readonly stopTimeoutMs: number;
  /** How each instance is taken out of traffic, by instance name; balancers are hosts here. */
  readonly drains?: ReadonlyMap<string, readonly Drain[]>;
  /** Through what each instance is asked, by instance name; one whose health check does not ask for it is not. */
  readonly throughs?: ReadonlyMap<string, ThroughFronts>;
  /** Upgrade socket by instance, where instances hand over. */
  readonly sockets?: ReadonlyMap<string, string>;
  /** What to send to a host that lacks the release; undefined when only hosts have it. */
  readonly payload: Payload | undefined;
  /** A release on the host whose binary is the same, '' when there is none: the binary need not be sent. */
  readonly reuse: string;
  /** A signed version older than what was proven on the host may come. */
  readonly downgrade: boolean;
  readonly ops: { readonly prepare: readonly HostOp[]; readonly activate: readonly HostOp[] };
};
