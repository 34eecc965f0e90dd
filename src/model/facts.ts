import type { HostName } from './host.ts';

/** What one observe call told of a host. Sizes in bytes, times in milliseconds. */
export type HostFacts = {
  readonly host: HostName;
  readonly arch: string;
  readonly os: string;
  readonly kernel: string;
  readonly systemd: number;
  /** `2.36`; empty when the C library is not glibc. */
  readonly glibc: string;
  readonly bootId: string;
  /** Host clock minus controller clock at the middle of the call. */
  readonly clockSkewMs: number;
  readonly cpus: number;
  readonly memoryAvailable: number;
  /** Free room of the file system that holds /opt/pdeploy. */
  readonly diskFree: number;
  readonly inodesFree: number;
  /** Of the tools pdeploy can use when they are there: zstd, curl, openssl, logrotate, bash, ss. */
  readonly tools: readonly string[];
  /** `root`, `deploy` or `host`: what the host's policy lets the agent do. */
  readonly policy: 'host' | 'deploy';
  /** The hard limit that caps LimitNOFILE=. */
  readonly nofileMax: number;
};

/** What runs as one instance now: the host's own record joined with systemd's. */
export type InstanceObservation = {
  readonly name: string;
  readonly unit: string;
  /** Release directory the durable `current` link names, '' when there is none. */
  readonly current: string;
  /** Release directory whose binary the main process runs, '' when stopped or not one of ours. */
  readonly running: string;
  readonly activeState: string;
  readonly subState: string;
  readonly mainPid: number;
  readonly restarts: number;
  readonly enabled: boolean;
  /** Resident memory of the main process, when it was asked for. */
  readonly rss?: number;
  /** sha256 of the durable unit file, '' when there is none. */
  readonly unitSha256: string;
  /** Seconds on the host's clock since the main process started; 0 when stopped. */
  readonly uptimeSeconds: number;
  /** A trial that was neither committed nor rolled back. */
  readonly pending?: { readonly opId: string; readonly from: string; readonly to: string };
};

/** A release directory on a host. */
export type ReleaseObservation = {
  readonly digest: string;
  /** Fleet-wide release id from its metadata. */
  readonly release: string;
  readonly label: string;
  /** Every file is as it was verified: the stamp taken then still holds, or else its digest does. */
  readonly intact: boolean;
};

export type LeaseObservation = {
  readonly holder: string;
  readonly deployment: string;
  readonly epoch: number;
  readonly expiresInMs: number;
  readonly reason: string;
  readonly manual: boolean;
};

/** Answer to one query of a resource, by the query's id. */
export type Answer =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'path';
      readonly type: 'file' | 'directory' | 'link' | 'other';
      readonly mode: string;
      readonly owner: string;
      readonly group: string;
      readonly size: number;
      readonly sha256: string;
      /** Text of a small file, when it was asked for. */
      readonly text?: string;
    }
  | { readonly kind: 'user'; readonly uid: number; readonly home: string; readonly shell: string }
  | { readonly kind: 'exit'; readonly code: number };

/** What a host demands of the releases of one service. */
export type SigningObservation = {
  /** minisign keys of which one must have signed a release; none: any release is taken. */
  readonly keys: readonly string[];
  /** Highest signed version that was proven there, '' for none. */
  readonly version: string;
};

export type Observation = {
  readonly facts: HostFacts;
  readonly signing: SigningObservation;
  readonly instances: ReadonlyMap<string, InstanceObservation>;
  readonly releases: readonly ReleaseObservation[];
  /** The newest epoch of its lease that was given out, to whomever; 0 before the first. */
  readonly epoch: number;
  readonly lease?: LeaseObservation;
  readonly answers: ReadonlyMap<string, Answer>;
};
