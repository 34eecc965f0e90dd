import { existsSync, readFileSync } from 'node:fs';
import type { HealthCheck } from '../model/health.ts';
import { Secret } from '../util/secret.ts';
import { cachedArtifact, writeAtomic } from './artifact.ts';
import { cacheFolder } from './cache.ts';
import type { CompiledHost } from './compile.ts';
import { type Payload, payloadOf, textEntries } from './payload.ts';

type Text = { readonly path: string; readonly mode: number; readonly base64: string };

/** A host's release as the controller keeps it: enough to give it back to a host that lost it, and to judge its health. */
type Record1 = {
  readonly v: 1;
  readonly service: string;
  readonly digest: string;
  readonly manifest: string;
  readonly binary: string;
  readonly artifact: { readonly sha256: string; readonly size: number };
  readonly user: string;
  readonly test: readonly string[];
  readonly stopTimeoutMs: number;
  readonly health: readonly (readonly [string, HealthCheck])[];
  /** Addresses it listens on, where instances hand over. */
  readonly listeners?: readonly (readonly [string, readonly string[]])[];
  /** Paths of their upgrade sockets: whoever goes on may have another playbook, or other variables. */
  readonly sockets?: readonly (readonly [string, string])[];
  /** Absent when a file held a secret: such a release is only on its hosts. */
  readonly texts?: readonly Text[];
};

export type CachedRelease = Omit<Record1, 'v' | 'health' | 'texts' | 'listeners' | 'sockets'> & {
  readonly listeners: ReadonlyMap<string, readonly string[]> | undefined;
  readonly sockets: ReadonlyMap<string, string> | undefined;
  readonly health: ReadonlyMap<string, HealthCheck>;
  readonly payload: Payload | undefined;
  /** Text files by path, when none of them is secret. */
  readonly texts: ReadonlyMap<string, string> | undefined;
};

export function rememberRelease(compiled: CompiledHost): void {
  const secret = compiled.texts.some((t) => t.content instanceof Secret);
  rememberStored({
    service: compiled.release.service,
    digest: compiled.release.digest,
    manifest: compiled.release.manifest,
    binary: compiled.binary,
    artifact: { sha256: compiled.artifact.sha256, size: compiled.artifact.size },
    user: compiled.unit.user,
    test: compiled.releaseStep.test ?? [],
    stopTimeoutMs: compiled.service.stopTimeoutMs,
    health: [...compiled.service.health],
    ...(compiled.service.handover === undefined
      ? {}
      : {
          listeners: [...compiled.service.handover.listeners],
          sockets: [...compiled.service.handover.sockets],
        }),
    ...(secret
      ? {}
      : {
          texts: textEntries(compiled).map((t) => ({
            path: t.path,
            mode: t.mode,
            base64: Buffer.from(t.content).toString('base64'),
          })),
        }),
  });
}

/** A release that was made of one that is on its hosts already. */
export function rememberStored(record: Omit<Record1, 'v'>): void {
  writeAtomic(recordFile(record.digest), JSON.stringify({ v: 1, ...record } satisfies Record1));
}

/** What the cache knows of a release directory, undefined when it was never deployed from here. */
export function recallRelease(digest: string): CachedRelease | undefined {
  const file = recordFile(digest);
  if (!existsSync(file)) return undefined;
  const record = JSON.parse(readFileSync(file, 'utf8')) as Record1;
  const artifact = cachedArtifact(record.artifact.sha256, record.binary, record.artifact.size);
  const texts = record.texts?.map((t) => ({
    path: t.path,
    mode: t.mode,
    content: Buffer.from(t.base64, 'base64'),
  }));
  const payload =
    artifact === undefined || texts === undefined ? undefined : payloadOf(artifact, record.manifest, texts);
  return {
    ...record,
    health: new Map(record.health),
    listeners: record.listeners === undefined ? undefined : new Map(record.listeners),
    sockets: record.sockets === undefined ? undefined : new Map(record.sockets),
    payload,
    texts: texts === undefined ? undefined : new Map(texts.map((t) => [t.path, t.content.toString('utf8')])),
  };
}

function recordFile(digest: string): string {
  return `${cacheFolder('releases')}/${digest}.json`;
}
