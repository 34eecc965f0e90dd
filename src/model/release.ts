import type { InstanceId } from './host.ts';

/** One file of a release as it will lie on the host. `path` is relative to the release directory. */
export type ReleaseFile = {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  readonly mode: string;
};

/**
 * What one host gets: immutable, addressed by `digest`, the sha256 of `manifest`.
 * Hosts whose rendered files are alike share a digest.
 */
export type HostRelease = {
  readonly service: string;
  readonly digest: string;
  /** `<sha256> <mode> <path>` lines, sorted by path, each ending in a newline. */
  readonly manifest: string;
  readonly files: readonly ReleaseFile[];
};

/** The release as people speak of it. */
export type Release = {
  readonly service: string;
  /** Digest of the set of host digests; equal to the host digest when all hosts are alike. */
  readonly id: string;
  /** `--release`, else `git describe`, else the short id. */
  readonly label: string;
  readonly createdAt: string;
  readonly metadata: { readonly [key: string]: string };
};

export type ReleaseMark = 'proven' | 'bad' | 'unproven';

/** A release as the state store remembers it. */
export type ReleaseRecord = Release & {
  readonly mark: ReleaseMark;
  readonly markedBy?: string;
  readonly reason?: string;
  /** Host digest by host name, as last deployed. */
  readonly digests: ReadonlyMap<string, string>;
};

/** The first seven digits: how a release is shown. */
export function shortId(id: string): string {
  return id === '' ? 'none' : id.slice(0, 7);
}

export type InstanceSwitch = { readonly instance: InstanceId; readonly from: string; readonly to: string };
