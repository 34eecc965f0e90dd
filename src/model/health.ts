import type { Through } from './through.ts';

/** Where a probe is made from: the host itself, or the controller over a new connection. */
export type Vantage = 'host' | 'outside';

/** Which roots one of the handshakes is verified with: those of Node and the system, these, or none. */
export type Trust =
  | { readonly kind: 'system' }
  | { readonly kind: 'roots'; readonly pem: string }
  | { readonly kind: 'none' };

export type HttpExpect = {
  /** Default: 200. */
  readonly status?: readonly number[];
  /** Substring of the first 4 KiB of the body. */
  readonly body?: string;
  readonly headers?: { readonly [name: string]: string };
  /** Header or dotted JSON path (`json:release`) that must echo the release id or label. */
  readonly release?: string;
};

export type Probe =
  | {
      readonly kind: 'http';
      readonly port: number;
      readonly path: string;
      readonly tls: boolean;
      readonly hostHeader?: string;
      readonly expect: HttpExpect;
      readonly timeoutMs: number;
      readonly from: readonly Vantage[];
    }
  | {
      readonly kind: 'tcp';
      readonly port: number;
      readonly timeoutMs: number;
      readonly from: readonly Vantage[];
    }
  | {
      readonly kind: 'tls';
      readonly port: number;
      /** Server name that is asked for. */
      readonly server: string;
      /** sha256 of the leaf's DER, lower-case hex: every new connection must be shown this certificate. */
      readonly fingerprint: string;
      /** New connections in each round. */
      readonly times: number;
      readonly trust: Trust;
      /** Of one handshake. */
      readonly timeoutMs: number;
      /** Name of the certificate of the release that it proves; absent when the playbook wrote the probe itself. */
      readonly certificate?: string;
    }
  | { readonly kind: 'exec'; readonly argv: readonly string[]; readonly timeoutMs: number }
  | { readonly kind: 'systemd' };

export type HealthCheck = {
  readonly probes: readonly Probe[];
  /** TCP ports the main process itself must own. */
  readonly listens: readonly number[];
  readonly intervalMs: number;
  readonly minHealthyMs: number;
  readonly healthyDeadlineMs: number;
  /** Absent where nothing is asked through a balancer. */
  readonly through?: Through;
};

/** What one round of probes saw. `at` is the controller's monotonic clock, milliseconds. */
export type Sample = {
  readonly at: number;
  readonly ok: boolean;
  /** The process is the verified release, started after the switch, owns its sockets, has not restarted. */
  readonly proof: { readonly ok: boolean; readonly why: string };
  readonly pid: number;
  readonly restarts: number;
  readonly checks: readonly CheckResult[];
  /** True when systemd says the unit has failed and will not try again: no use in waiting. */
  readonly final: boolean;
};

export type CheckResult = {
  /** `GET http://127.0.0.1:6188/readyz`, `tcp :6188`, `exec /usr/bin/check`. */
  readonly name: string;
  readonly ok: boolean;
  /** `answered 503`, `connection refused`. */
  readonly detail: string;
};

/** The host's own words about a failed instance, collected in one call. */
export type Evidence = {
  readonly unitState: string;
  readonly result: string;
  readonly pid: number;
  readonly restarts: number;
  readonly listens: readonly number[];
  /** Release directory whose binary the process runs, '' when it runs something else; absent in older records. */
  readonly release?: string;
  readonly logs: readonly string[];
};
