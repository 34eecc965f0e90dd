/** Exit codes of the command line; the table is in docs/exit-codes.md. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  refused: 3,
  rolledBack: 4,
  needsPerson: 5,
  interrupted: 6,
  pendingChanges: 7,
  cancelled: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A place in a text file a person wrote. Lines and columns count from 1. */
export type Position = { readonly file: string; readonly line: number; readonly col: number };

/** One thing wrong with the user's input; many are reported at once. */
export type Problem = {
  /** Stable code, `PD` and four digits. */
  readonly code: string;
  readonly message: string;
  readonly at?: Position;
  /** Dotted path inside the file, e.g. `hosts.edge-01.prot`. */
  readonly path?: string;
  /** Further places that take part, when two things contradict each other; `path` then names the first. */
  readonly also?: readonly { readonly at: Position; readonly name: string }[];
  /** The source line and a caret line, ready to print. */
  readonly excerpt?: string;
  readonly hint?: string;
};

type Details = { readonly hint?: string | undefined; readonly cause?: unknown };

/** An expected failure: it has a stable code, an exit code and a hint. Anything else that is thrown is a bug. */
export class PdeployError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(code: string, message: string, exitCode: ExitCode, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
    this.hint = details.hint;
  }
}

/** Wrong flags, inventory or playbook. Nothing was contacted. Exit 2. */
export class UsageError extends PdeployError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const first = problems[0];
    super(first?.code ?? 'PD2000', problems.map((p) => p.message).join('\n'), EXIT.usage, {
      hint: first?.hint,
    });
    this.problems = problems;
  }

  static of(code: string, message: string, hint?: string): UsageError {
    return new UsageError([hint === undefined ? { code, message } : { code, message, hint }]);
  }
}

/** Refused before any change was made. Exit 3. */
export class RefusedError extends PdeployError {
  constructor(code: string, message: string, details: Details = {}) {
    super(code, message, EXIT.refused, details);
  }
}

/** Ended by the user before any change. Exit 130. */
export class CancelledError extends PdeployError {
  constructor(message = 'Cancelled. Nothing has been changed.') {
    super('PD1300', message, EXIT.cancelled);
  }
}

/** Why a host could not be reached or was refused; see docs/transport.md. */
export type ConnectFailure =
  | 'dns'
  | 'refused'
  | 'timeout'
  | 'reset-before-auth'
  | 'auth'
  | 'hostkey-unknown'
  | 'hostkey-changed'
  | 'hostkey-revoked'
  | 'protocol'
  | 'aborted';

/** A connection could not be made. Exit 3, since it is raised before a change; `failure` tells why. */
export class ConnectError extends PdeployError {
  readonly host: string;
  readonly failure: ConnectFailure;

  constructor(host: string, failure: ConnectFailure, message: string, details: Details = {}) {
    super('PD3101', message, EXIT.refused, details);
    this.host = host;
    this.failure = failure;
  }
}
