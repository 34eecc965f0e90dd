import type { HostRelease, Release } from '../../model/release.ts';
import type { HostOp } from '../../model/resource.ts';
import { opEntries, opFields } from '../ops.ts';
import { type AgentRequest, agentRequest, type Field, type PayloadEncoding, token } from '../request.ts';
import type { TarEntry } from '../tar.ts';

export type PrepareInput = {
  readonly opId: string;
  readonly service: string;
  readonly epoch: number;
  readonly deployment: string;
  readonly release: Pick<Release, 'id' | 'label' | 'createdAt' | 'metadata'>;
  readonly hostRelease: HostRelease;
  readonly instances: readonly string[];
  /** Operations of phase `prepare`, in order. */
  readonly ops: readonly HostOp[];
  /** argv of the config test, run as the unit's user; `{dir}` is the staged directory. */
  readonly test?: readonly string[];
  /**
   * `absent`: the host has the release intact, so only what the operations need is sent.
   * `included`: the caller sends `releaseEntries` and then `opEntries` in this encoding.
   */
  readonly content: 'absent' | PayloadEncoding;
  /** A release on the host that has the files which are not sent; code `not-found` when it has them no more. */
  readonly reuse?: string;
  /** A signed version older than one that was proven on the host may come; its policy must be `host`. Default: false. */
  readonly downgrade?: boolean;
  /** Room that must be left on the host's disk after staging, bytes. Default 64 MiB. */
  readonly reserveBytes?: number;
};

/** Stages and checks a release; disturbs nothing that runs. May be repeated. */
export function prepareRequest(input: PrepareInput): AgentRequest {
  const { hostRelease } = input;
  const fields: readonly Field[] = [
    ['service', input.service],
    ['epoch', input.epoch],
    ['deployment', input.deployment],
    ['digest', hostRelease.digest],
    ['size', input.content === 'absent' ? 0 : hostRelease.files.reduce((sum, file) => sum + file.size, 0)],
    ['files', input.content === 'absent' ? 0 : hostRelease.files.length],
    ...(input.reuse === undefined ? [] : [['reuse', input.reuse] satisfies Field]),
    ['reserve', input.reserveBytes ?? 64 * 1024 * 1024],
    ...input.instances.map((name): Field => ['instance', name]),
    ...opFields(input.ops),
    ...(input.downgrade === true ? [['downgrade', 1] satisfies Field] : []),
    ...(input.test === undefined ? [] : [['test', ...input.test.map(token)] satisfies Field]),
  ];
  if (input.content !== 'absent')
    return agentRequest('prepare', input.opId, fields, { kind: 'prebuilt', encoding: input.content });
  return agentRequest('prepare', input.opId, fields, { entries: hostEntries(input) });
}

/** What differs by host although the release is the same: send it after the release's own entries. */
export function hostEntries(input: Pick<PrepareInput, 'release' | 'ops'>): readonly TarEntry[] {
  const { id, label, createdAt, metadata } = input.release;
  const meta = `${JSON.stringify({ release: id, label, createdAt, metadata })}\n`;
  const env = `PDEPLOY_RELEASE=${id}\nPDEPLOY_LABEL=${quoted(label)}\n`;
  return [
    { path: 'meta', mode: 0o644, content: Buffer.from(meta, 'utf8') },
    { path: 'env', mode: 0o644, content: Buffer.from(env, 'utf8') },
    ...opEntries(input.ops),
  ];
}

/** Entries of a release: its manifest, then its files. `fileEntry` gives the contents of one manifest path. */
export function releaseEntries(
  hostRelease: HostRelease,
  fileEntry: (path: string) => TarEntry,
): readonly TarEntry[] {
  return [
    { path: 'release/manifest', mode: 0o644, content: Buffer.from(hostRelease.manifest, 'utf8') },
    ...hostRelease.files.map((file) => ({
      ...fileEntry(file.path),
      path: `release/${file.path}`,
      mode: Number.parseInt(file.mode, 8),
    })),
  ];
}

/** As EnvironmentFile= reads it. */
function quoted(text: string): string {
  return `"${text.replace(/[^ -~]/g, '?').replace(/["\\$`]/g, '\\$&')}"`;
}

export type PrepareResult = {
  readonly stage: 'present' | 'stored';
  /** What was changed on the host, in words. */
  readonly changes: readonly string[];
  /** Warnings of `systemd-analyze verify` that did not refuse the unit. */
  readonly notes: readonly string[];
};

export function decodePrepare(lines: readonly string[]): PrepareResult {
  const rest = (key: string) =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  return {
    stage: rest('stage').includes('stored') ? 'stored' : 'present',
    changes: rest('changed'),
    notes: rest('note'),
  };
}
