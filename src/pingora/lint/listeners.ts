import type { Path } from '../../config/yaml/source.ts';
import type { Json } from '../../model/json.ts';
import type { ConfFile } from './conf-file.ts';

const ADDRESS = /^((\[[0-9A-Fa-f:.]+\]|\d{1,3}(\.\d{1,3}){3}|localhost|\*)?:\d{1,5}|unix:\/.+)$/;
const LISTENS = /listen|bind|addr/i;
const CONNECTS = /upstream|backend|peer|origin|remote/i;

export type Listener = { readonly path: Path; readonly address: string };

/**
 * Addresses that a service listens on: those declared, else what its configuration tells, what looks like an address below a key that
 * sounds like listening. Pingora's own keys name none.
 */
export function listenersOf(conf: ConfFile): readonly Listener[] {
  const found = walk(conf.values, []);
  return (
    conf.listeners?.map((address) => ({
      address,
      path: found.find((listener) => listener.address === address)?.path ?? [],
    })) ?? found
  );
}

function walk(value: Json, path: Path): readonly Listener[] {
  if (typeof value === 'string') {
    const words = path.filter((key) => typeof key === 'string').join('.');
    return ADDRESS.test(value) && LISTENS.test(words) && !CONNECTS.test(words)
      ? [{ path, address: value }]
      : [];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => walk(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => walk(item, [...path, key]));
}
