import { isAbsolute, join, normalize, resolve } from 'node:path';

/** A path a person wrote as an absolute one: `~` is their home, a relative path starts at `dir`. */
export function expandPath(path: string, home: string, dir: string): string {
  if (path === '~' || path.startsWith('~/')) return join(home, path.slice(1));
  return isAbsolute(path) ? normalize(path) : resolve(dir, path);
}
