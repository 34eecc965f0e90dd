import type { Secret } from '../util/secret.ts';
import type { Answer } from './facts.ts';

/** A question that the one observe call asks of a host for a resource. `id` is unique within a playbook's steps. */
export type Query =
  | { readonly kind: 'path'; readonly id: string; readonly path: string; readonly text: boolean }
  | { readonly kind: 'user'; readonly id: string; readonly name: string }
  | { readonly kind: 'exec'; readonly id: string; readonly argv: readonly string[] };

/** The closed list of what the agent can do to a host for resources. Each saves what it replaces, so that it can be undone. */
export type HostOp =
  | {
      readonly kind: 'user';
      readonly name: string;
      readonly home: string;
      readonly shell: string;
      readonly comment: string;
    }
  | {
      readonly kind: 'directory';
      readonly path: string;
      readonly owner: string;
      readonly group: string;
      readonly mode: string;
    }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly owner: string;
      readonly group: string;
      readonly mode: string;
      readonly content: string | Secret;
    }
  | { readonly kind: 'remove'; readonly path: string }
  /** A secret encrypted for this host alone, by systemd-creds; a file of that path is taken for it. */
  | { readonly kind: 'credential'; readonly path: string; readonly name: string; readonly content: Secret }
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly revert?: readonly string[] };

/** One field that differs. Text fields of files get a unified diff; `secret` ones show fingerprints only. */
export type Change = {
  readonly field: string;
  readonly from: string;
  readonly to: string;
  readonly secret?: true;
};

/**
 * A kind of desired state on a host. All four functions are pure: `queries` says what to look at, `diff` compares,
 * `ops` says what the agent is to do. Reverting is the agent's: it keeps what each op replaced until the deployment ends.
 * @typeParam D what the user writes, after its schema
 */
export type ResourceKind<D> = {
  readonly kind: string;
  /** `prepare`: adds, disturbs nothing that runs. `activate`: under the guard, just before the first instance of the host is switched. */
  readonly phase: 'prepare' | 'activate';
  readonly describe: (desired: D) => string;
  readonly queries: (desired: D, id: string) => readonly Query[];
  readonly diff: (desired: D, answers: readonly Answer[]) => readonly Change[];
  readonly ops: (desired: D, answers: readonly Answer[]) => readonly HostOp[];
  /** Why it could not be undone; undefined when it can. */
  readonly irreversible?: (desired: D) => string | undefined;
};

/** A resource in a playbook: data plus its kind. `id` is `kind:name`. */
export type ResourceStep<D = unknown> = {
  readonly type: 'resource';
  readonly id: string;
  readonly desired: D;
  readonly resource: ResourceKind<D>;
};
