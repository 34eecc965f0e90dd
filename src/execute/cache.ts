import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_CACHE_HOME/pdeploy`, where releases are kept by content so that a host which lost one gets it again. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  return join(base !== undefined && base !== '' ? base : join(homedir(), '.cache'), 'pdeploy');
}

/** A private folder of the cache, made when it is missing. */
export function cacheFolder(name: 'artifacts' | 'releases' | 'downloads'): string {
  const dir = join(cacheDir(), name);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}
