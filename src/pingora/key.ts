import type { PingoraVersion } from './version.ts';

/** What a key may hold. `least` and `most` are included; numbers are whole. */
export type KeyType =
  | { readonly kind: 'number'; readonly least: number; readonly most?: number }
  | { readonly kind: 'flag' | 'text' | 'texts' }
  | { readonly kind: 'choice'; readonly of: readonly string[] };

/** One key of Pingora's server configuration (`ServerConf` in pingora-core). */
export type Key = {
  readonly name: string;
  readonly type: KeyType;
  /** `s`, `threads`, ...; absent where the type says it all. */
  readonly unit?: string;
  /** What holds when the key is absent, in words. */
  readonly otherwise: string;
  /** The first version that reads it. */
  readonly since: PingoraVersion;
  readonly about: string;
  /** `null` may stand for "not set". */
  readonly nullable: boolean;
  /** pdeploy says it itself: from an option of its own, or by running the service in the foreground. */
  readonly own?: true;
  /** Read and then used by nothing. */
  readonly dead?: true;
};

export const flag: KeyType = { kind: 'flag' };
export const text: KeyType = { kind: 'text' };
export const texts: KeyType = { kind: 'texts' };
export const number = (least: number, most?: number): KeyType =>
  most === undefined ? { kind: 'number', least } : { kind: 'number', least, most };

/** What is wrong with a value for this key; undefined when nothing is. */
export function valueProblem(key: Key, value: unknown): string | undefined {
  if (value === null && key.nullable) return undefined;
  return fits(key.type, value) ? undefined : `expected ${expected(key.type)}`;
}

export function expected(type: KeyType): string {
  switch (type.kind) {
    case 'flag':
      return 'true or false';
    case 'text':
      return 'a text';
    case 'texts':
      return 'a list of texts';
    case 'choice':
      return type.of.join(' or ');
    case 'number':
      return type.most === undefined
        ? `a whole number from ${type.least}`
        : `a whole number from ${type.least} to ${type.most}`;
  }
}

function fits(type: KeyType, value: unknown): boolean {
  switch (type.kind) {
    case 'flag':
      return typeof value === 'boolean';
    case 'text':
      return typeof value === 'string';
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'choice':
      return typeof value === 'string' && type.of.includes(value);
    case 'number':
      return (
        Number.isSafeInteger(value) && Number(value) >= type.least && Number(value) <= (type.most ?? 2 ** 53)
      );
  }
}
