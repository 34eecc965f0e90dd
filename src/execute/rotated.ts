import { certificateKeyPath, certificatePath } from '../model/certificate.ts';
import type { HostRelease, ReleaseFile } from '../model/release.ts';
import { sha256 } from '../util/digest.ts';
import type { Certificate } from './certificates.ts';
import { type Entry, type Payload, payloadOf } from './payload.ts';

const isLine = (line: string): boolean => /^[0-9a-f]{64} [0-7]{4} \S+$/.test(line);
const pathOf = (line: string): string => line.slice(70);

/** The lines of a manifest without those of some certificates: what a rotation leaves as it is. */
export function otherLines(manifest: string, names: readonly string[]): readonly string[] {
  const own = new Set(names.flatMap((name) => [certificatePath(name), certificateKeyPath(name)]));
  return manifest.split('\n').filter((line) => isLine(line) && !own.has(pathOf(line)));
}

export function hasCertificate(manifest: string, name: string): boolean {
  return manifest.split('\n').some((line) => isLine(line) && pathOf(line) === certificatePath(name));
}

/** A release that differs from another in its certificates alone, and what of it has to be sent. */
export function rotatedRelease(
  service: string,
  others: readonly string[],
  certificates: readonly Certificate[],
): { readonly release: HostRelease; readonly payload: Payload } {
  const texts = certificates.flatMap(({ step, pem, key }): readonly Entry[] => [
    { path: certificatePath(step.name), mode: 0o444, content: Buffer.from(pem) },
    { path: certificateKeyPath(step.name), mode: 0o440, content: Buffer.from(key.reveal()) },
  ]);
  const own = texts.map(
    ({ path, mode, content }): ReleaseFile => ({
      path,
      mode: mode.toString(8).padStart(4, '0'),
      sha256: sha256(Buffer.from(content).toString('utf8')),
      size: content.length,
    }),
  );
  // What the host has already is linked: it needs no room.
  const kept = others.map(
    (line): ReleaseFile => ({
      sha256: line.slice(0, 64),
      mode: line.slice(65, 69),
      path: pathOf(line),
      size: 0,
    }),
  );
  const files = [...kept, ...own].sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest = files.map((file) => `${file.sha256} ${file.mode} ${file.path}\n`).join('');
  return {
    release: { service, digest: sha256(manifest), manifest, files },
    payload: payloadOf(undefined, manifest, texts),
  };
}
