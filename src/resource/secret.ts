import { z } from 'zod';
import { SECRET_KEY, SECRET_KEY_RULE, type SecretSource } from '../model/secret-source.ts';
import { Secret } from '../util/secret.ts';
import { optionProblem } from './options.ts';

/**
 * Where a secret comes from, for `secrets` of a playbook. With a name alone: `secrets/<inventory>.yaml.age` of the project,
 * `secrets/<inventory>.sops.yaml`, else the same of `all`. A source is only named here; its text is got before any host is
 * contacted, and an empty one is an error.
 * @throws UsageError PD2130
 * @example definePlaybook({ ..., secrets: { db: secret('edge.db') }, steps: ({ secrets }) => [file({ path: '/etc/edge/db', content: secrets.db })] })
 */
export const secret = Object.assign(
  (name: string): SecretSource => ({ kind: 'named', name: key('secret', name) }),
  {
    /** A place in a file encrypted with age. */
    age: (file: string, name: string): SecretSource => ({
      kind: 'age',
      file: text('secret.age', file),
      key: key('secret.age', name),
    }),
    /** A place in a file of SOPS; the program `sops` decrypts it. */
    sops: (file: string, name: string): SecretSource => ({
      kind: 'sops',
      file: text('secret.sops', file),
      key: key('secret.sops', name),
    }),
    /** A variable of the environment of pdeploy, as a CI sets it. */
    env: (variable: string): SecretSource => ({ kind: 'env', variable: text('secret.env', variable) }),
    /** A whole file on this machine. */
    file: (path: string): SecretSource => ({ kind: 'file', path: text('secret.file', path) }),
    /** What a program says on standard output; no shell takes part. */
    exec: (argv: readonly [string, ...string[]]): SecretSource => {
      if (!Array.isArray(argv) || argv.length === 0)
        throw optionProblem('secret.exec', 'expected a program and its arguments as a list');
      return { kind: 'exec', argv: argv.map((arg) => text('secret.exec', arg)) };
    },
    /** A key of a secret in the KV store (version 2) of Vault: the mount and the path in it, then the key. */
    vault: (path: string, name: string): SecretSource => ({
      kind: 'vault',
      path: text('secret.vault', path),
      key: text('secret.vault', name),
    }),
    /** The type of a variable that the inventory gives as `!secret NAME`, for the schema `vars`. */
    variable: () =>
      z.custom<Secret>((value) => value instanceof Secret, {
        error: 'expected a secret, !secret NAME in the inventory',
      }),
  },
);

function key(what: string, name: string): string {
  if (typeof name === 'string' && SECRET_KEY.test(name)) return name;
  throw optionProblem(what, `expected ${SECRET_KEY_RULE}, got ${JSON.stringify(name)}`);
}

function text(what: string, value: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw optionProblem(what, `expected a text, got ${JSON.stringify(value)}`);
}
