import type { Readable } from 'node:stream';
import type { Host } from '../model/host.ts';

/**
 * What is ever run on a host: the agent, and its installation. Everything else is data on standard input. (What
 * `doctor` tries in vain is in wish.ts.)
 */
export type ConstCommand = 'agent' | 'install-agent';

export type RunOptions = {
  readonly stdin: Buffer | Readable;
  readonly deadlineMs: number;
  /** Bytes of standard output and of standard error that are kept; default 1 MiB. The channel is closed beyond. */
  readonly maxOut?: number;
  /** Called with each whole line of standard output as it arrives; such lines are not kept in `stdout`. */
  readonly onLine?: (line: string) => void;
  /** Closes the channel; the result is `unknown`. */
  readonly signal?: AbortSignal;
};

/** Four values and no fifth. `unknown` must be resolved by asking the host for the operation by its id. */
export type RunResult =
  | {
      readonly kind: 'exited';
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
      readonly truncated: boolean;
    }
  | { readonly kind: 'signaled'; readonly signal: string; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'never-started'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string; readonly stdout: string };

export type DeadReason = { readonly why: string };

/** One kept connection to a host. At most 8 channels at once; further calls wait. */
export type Session = {
  readonly host: string;
  run(command: ConstCommand, options: RunOptions): Promise<RunResult>;
  close(): Promise<void>;
  /** Resolves when the connection is gone, whatever the reason. Never rejects. */
  readonly dead: Promise<DeadReason>;
};

export type ConnectOptions = { readonly signal?: AbortSignal; readonly timeoutMs?: number };

/** Rejects with ConnectError. */
export type Transport = {
  readonly kind: 'ssh2' | 'openssh' | 'auto' | 'simulation';
  connect(host: Host, options: ConnectOptions): Promise<Session>;
  close(): Promise<void>;
};
