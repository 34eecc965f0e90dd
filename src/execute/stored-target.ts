import type { Host, Instance } from '../model/host.ts';
import type { HostRelease, Release, ReleaseFile } from '../model/release.ts';
import type { CachedRelease } from './release-cache.ts';
import type { HostTarget } from './target.ts';

export type StoredInput = {
  readonly host: Host;
  readonly instances: readonly Instance[];
  readonly service: string;
  readonly digest: string;
  /** Of today's playbook, where the cache knows none. */
  readonly sockets?: HostTarget['sockets'] | undefined;
  readonly release: Release;
  readonly cached: CachedRelease | undefined;
  /** How to judge it when the cache has lost it: today's playbook. */
  readonly fallback: Pick<HostTarget, 'binary' | 'health' | 'stopTimeoutMs'> | undefined;
};

/** A target that is a release made earlier: from the cache, or only from what its host has. */
export function storedTarget(input: StoredInput): HostTarget | undefined {
  const { cached, fallback } = input;
  const judged = cached ?? fallback;
  if (judged === undefined) return undefined;
  const sockets = cached?.sockets ?? input.sockets;
  return {
    host: input.host,
    instances: input.instances,
    service: input.service,
    hostRelease: hostReleaseOf(input.service, input.digest, cached),
    release: input.release,
    binary: judged.binary,
    user: cached?.user ?? '',
    test: [],
    health: judged.health,
    stopTimeoutMs: judged.stopTimeoutMs,
    ...(sockets === undefined ? {} : { sockets }),
    payload: cached?.payload,
    reuse: '',
    downgrade: false,
    ops: { prepare: [], activate: [] },
  };
}

function hostReleaseOf(service: string, digest: string, cached: CachedRelease | undefined): HostRelease {
  const manifest = cached?.manifest ?? '';
  const files = manifest.split('\n').flatMap((line): readonly ReleaseFile[] => {
    const [sha, mode, path] = line.split(' ');
    if (sha === undefined || mode === undefined || path === undefined) return [];
    const size = path.startsWith('bin/')
      ? (cached?.artifact.size ?? 0)
      : (cached?.texts?.get(path)?.length ?? 0);
    return [{ sha256: sha, mode, path, size }];
  });
  return { service, digest, manifest, files };
}

/** Digest of the unit text in a cached release's manifest, '' when it is not known. */
export function unitDigest(cached: CachedRelease | undefined): string {
  return (
    cached?.manifest
      .split('\n')
      .find((l) => l.endsWith(' unit'))
      ?.split(' ')[0] ?? ''
  );
}
