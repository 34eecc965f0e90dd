import { readFileSync } from 'node:fs';
import { sha256 } from '../../util/digest.ts';

/** How a binary came to be; it lies beside the binary, and its words go into the release. */
export type BuildRecord = {
  readonly version: 1;
  /** Of the binary. A record of another one says nothing. */
  readonly sha256: string;
  readonly bin: string;
  readonly package: string;
  readonly profile: string;
  readonly target: string;
  /** `1.95.0 (59807616e 2026-04-14)` */
  readonly rustc: string;
  /** sha256 of Cargo.lock. */
  readonly lock: string;
  /** '' outside of a repository. */
  readonly commit: string;
  /** Files differed from the commit. */
  readonly dirty: boolean;
  /** Highest version of glibc that it asks for; '' when none. */
  readonly glibc: string;
};

export function recordFile(binary: string): string {
  return `${binary}.build.json`;
}

/** Words of a release about the build of its binary; none when `pdeploy build` did not make it. */
export function buildMetadata(binary: string, digest: string): { readonly [key: string]: string } {
  const record = readRecord(binary);
  if (record?.sha256 !== digest) return {};
  return {
    'build.commit': record.dirty ? `${record.commit} with changes` : record.commit,
    'build.rustc': record.rustc,
    'build.lock': record.lock,
    'build.target': record.target,
    'build.profile': record.profile,
    'build.package': record.package,
  };
}

function readRecord(binary: string): BuildRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordFile(binary), 'utf8')) as BuildRecord;
    const texts = [record.commit, record.rustc, record.lock, record.target, record.profile, record.package];
    return record.version === 1 && texts.every((text) => typeof text === 'string') ? record : undefined;
  } catch {
    return undefined;
  }
}

export function digestOf(file: string): string {
  return sha256(readFileSync(file));
}
