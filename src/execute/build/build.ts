import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UsageError } from '../../errors.ts';
import { readElf } from '../../host/elf.ts';
import { writeAtomic } from '../artifact.ts';
import { type Bin, cargoBuild, compiler, findBin } from './cargo.ts';
import { type BuildRecord, digestOf, recordFile } from './record.ts';
import { sourceState } from './source.ts';

export type BuildRequest = {
  /** Absolute path of Cargo.toml. */
  readonly manifest: string;
  readonly bin?: string | undefined;
  readonly profile: string;
  readonly target?: string | undefined;
  readonly allowDirty: boolean;
  /** Where the binary is put: a folder. */
  readonly folder: string;
};

export type BuildResult = {
  readonly file: string;
  readonly record: BuildRecord;
  readonly size: number;
  /** Folders of this machine whose names are in the binary: it would be another one elsewhere. */
  readonly traces: readonly string[];
};

/**
 * Builds a program and writes down how.
 * @throws UsageError PD2701; RefusedError PD2702 (no cargo), PD2703 (uncommitted), PD2704 (it does not compile)
 */
export async function buildBinary(request: BuildRequest): Promise<BuildResult> {
  const { manifest, profile } = request;
  if (!existsSync(manifest))
    throw UsageError.of('PD2701', `there is no ${manifest}`, 'name it: --manifest path/to/Cargo.toml');
  const bin = await findBin(manifest, request.bin);
  const lock = join(bin.workspace, 'Cargo.lock');
  if (!existsSync(lock))
    throw UsageError.of('PD2701', `there is no ${lock}`, 'cargo generate-lockfile makes it; commit it');
  const file = join(request.folder, bin.name);
  const source = await sourceState(bin.workspace, [file, recordFile(file)], request.allowDirty);
  const { rustc, host } = await compiler(bin.workspace);
  const built = await cargoBuild({ manifest, bin, profile, target: request.target, epoch: source.epoch });
  const content = readFileSync(built);
  const record: BuildRecord = {
    version: 1,
    sha256: digestOf(built),
    bin: bin.name,
    package: bin.package,
    profile,
    target: request.target ?? host,
    rustc,
    lock: digestOf(lock),
    commit: source.commit,
    dirty: source.dirty,
    glibc: readElf(content)?.glibc ?? '',
  };
  mkdirSync(request.folder, { recursive: true });
  const temp = join(request.folder, `.${basename(file)}.new`);
  copyFileSync(built, temp);
  renameSync(temp, file);
  writeAtomic(recordFile(file), `${JSON.stringify(record, null, 2)}\n`);
  return { file, record, size: content.length, traces: tracesIn(content, bin) };
}

function tracesIn(content: Buffer, bin: Bin): readonly string[] {
  return [bin.workspace, bin.targetFolder].filter((folder) => content.includes(`${folder}/`)).slice(0, 1);
}
