import type { Position, Problem } from '../errors.ts';
import type { SecretSource } from '../model/secret-source.ts';
import type { Identity } from './age.ts';

/** A secret that a playbook or an inventory names, and where. */
export type Wanted = {
  readonly source: SecretSource;
  /** `db_password of edge-01`, `secrets.apiKey of the playbook rollout` */
  readonly what: string;
  readonly at?: Position;
};

/** What sources look at. */
export type Surroundings = {
  /** Relative files start here. */
  readonly project: string;
  /** Name of the inventory; undefined where a command has none. */
  readonly inventory: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
};

/** Why a source gives nothing: code and words, never a value. */
export type Failure = { readonly kind: 'failure' } & Pick<Problem, 'code' | 'message' | 'hint'>;

export type Text = { readonly kind: 'text'; readonly text: string };

export type Identities = {
  readonly kind: 'identities';
  readonly list: readonly Identity[];
  readonly file: string;
};

export function failure(code: string, message: string, hint?: string): Failure {
  return { kind: 'failure', code, message, ...(hint === undefined ? {} : { hint }) };
}
