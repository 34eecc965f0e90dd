import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { sha256 } from '../util/digest.ts';
import { labUsage } from './errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

const NAME = /^[a-z][a-z0-9-]{0,30}$/;

function baseDirectory(env: Env, variable: string, fallback: string): string {
  const value = env[variable];
  // The XDG specification says that relative values must be ignored.
  return value?.startsWith('/') === true ? value : join(homedir(), fallback);
}

/** Where base images are kept; shared by all labs and checkouts. */
export function cacheDirectory(env: Env = process.env): string {
  const own = env.PDEPLOY_LAB_CACHE;
  return own !== undefined && own !== ''
    ? resolve(own)
    : join(baseDirectory(env, 'XDG_CACHE_HOME', '.cache'), 'pdeploy', 'lab');
}

/** The directory that holds one directory for each lab. */
export function stateDirectory(env: Env = process.env): string {
  return join(baseDirectory(env, 'XDG_STATE_HOME', '.local/state'), 'pdeploy', 'lab');
}

/** @throws UsageError PD6011 when the name could not be part of a path, a host or a link name. */
export function checkName(kind: 'lab name' | 'host prefix', name: string): string {
  if (NAME.test(name) && !name.endsWith('-')) return name;
  throw labUsage(
    `"${name}" cannot be a ${kind}.`,
    'Use lower-case letters, digits and hyphens, starting with a letter, at most 31 characters.',
  );
}

export type LabPaths = {
  readonly dir: string;
  readonly record: string;
  readonly hosts: string;
  readonly key: string;
  readonly knownHosts: string;
  /** 12 hex digits that no other lab on this machine has, whatever its name or state directory. */
  readonly id: string;
};

export function labPaths(name: string, env: Env = process.env): LabPaths {
  const dir = join(stateDirectory(env), checkName('lab name', name));
  return {
    dir,
    record: join(dir, 'lab.json'),
    hosts: join(dir, 'hosts'),
    key: join(dir, 'id_ed25519'),
    knownHosts: join(dir, 'known_hosts'),
    id: sha256(dir).slice(0, 12),
  };
}
