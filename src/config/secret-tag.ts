import type { Json } from '../model/json.ts';
import { SECRET_KEY, SECRET_KEY_RULE, type SecretSource } from '../model/secret-source.ts';

const MARK = '!secret';
/** Line and column. */
type Place = readonly [number, number];

/** A secret that an inventory names: where it comes from, and where that is written. */
export type SecretRef = {
  readonly source: SecretSource;
  readonly file: string;
  readonly line: number;
  readonly col: number;
};

/** What stands for `!secret` among the variables until it is resolved. */
export function secretMark(written: Json, file: string, [line, col]: Place): Json {
  return { [MARK]: written, file, line, col };
}

export function secretRef(value: Json): SecretRef | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const mark = value as { readonly [key: string]: Json };
  const written = mark[MARK];
  if (written === undefined || typeof mark.file !== 'string') return undefined;
  const source = readSecretTag(written);
  return typeof source === 'string'
    ? undefined
    : { source, file: mark.file, line: Number(mark.line), col: Number(mark.col) };
}

/** What stands behind `!secret`: a name, or a mapping for another source. Returns what is wrong with it. */
export function readSecretTag(written: Json): SecretSource | string {
  if (typeof written === 'string')
    return SECRET_KEY.test(written)
      ? { kind: 'named', name: written }
      : `not the name of a secret: ${SECRET_KEY_RULE}`;
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return FORMS;
  const given = new Map(Object.entries(written as { readonly [key: string]: Json }));
  const text = (name: string): string | undefined => {
    const value = given.get(name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const key = text('key');
  const kind = KINDS.find((name) => given.has(name));
  const value = kind === undefined ? undefined : text(kind);
  if (kind === undefined || value === undefined) return FORMS;
  const keyed = kind === 'age' || kind === 'sops' || kind === 'vault';
  if (given.size !== (keyed ? 2 : 1)) return FORMS;
  switch (kind) {
    case 'env':
      return /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? { kind, variable: value } : FORMS;
    case 'file':
      return { kind, path: value };
    case 'vault':
      return key === undefined ? FORMS : { kind, path: value, key };
    default:
      return key === undefined || !SECRET_KEY.test(key) ? FORMS : { kind, file: value, key };
  }
}

const KINDS = ['age', 'sops', 'env', 'file', 'vault'] as const;
const FORMS =
  'expected a name such as edge.api_key, or one of { env: NAME }, { file: PATH }, { age: FILE, key: NAME }, { sops: FILE, key: NAME }, { vault: PATH, key: NAME }';
