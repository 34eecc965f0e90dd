import { createHash, randomBytes } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { RefusedError, UsageError } from '../errors.ts';
import { type ElfInfo, readElf } from '../host/elf.ts';
import { tarHeader, tarPadding } from '../host/tar.ts';
import type { ArtifactSource } from '../model/playbook.ts';
import { cacheFolder } from './cache.ts';

const DOWNLOAD_TIMEOUT_MS = 600_000;

/** A binary in the controller's cache: its digest and a zstd frame that holds its tar entry. */
export type Artifact = {
  readonly sha256: string;
  readonly size: number;
  /** zstd frame of the tar entry `release/bin/<binary>`, mode 0555; frames can be joined. */
  readonly frame: string;
  readonly frameSize: number;
  readonly elf: ElfInfo | undefined;
};

type Meta = { readonly sha256: string; readonly size: number; readonly elf?: ElfInfo };

/**
 * Brings a binary into the cache and tells its digest. A local file is read again only when its size, inode or
 * times have changed since it was last seen.
 * @throws UsageError when it cannot be read; RefusedError when a download does not have the digest it should
 */
export async function cacheArtifact(source: ArtifactSource, binary: string, base: string): Promise<Artifact> {
  const file = await artifactFile(source, base);
  const meta = await identify(file);
  const frame = `${cacheFolder('artifacts')}/${meta.sha256}-${binary}.tar.zst`;
  if (!existsSync(frame)) await compress(file, meta, binary, frame);
  return { sha256: meta.sha256, size: meta.size, frame, frameSize: statSync(frame).size, elf: meta.elf };
}

/** Where a binary lies on this machine; one that has to be fetched is fetched once. */
export async function artifactFile(source: ArtifactSource, base: string): Promise<string> {
  return source.kind === 'path' ? resolve(base, source.path) : await download(source.url, source.sha256);
}

/** The cached binary of a release made earlier, if it is still there. */
export function cachedArtifact(sha256: string, binary: string, size: number): Artifact | undefined {
  const frame = `${cacheFolder('artifacts')}/${sha256}-${binary}.tar.zst`;
  if (!existsSync(frame)) return undefined;
  return { sha256, size, frame, frameSize: statSync(frame).size, elf: undefined };
}

async function identify(file: string): Promise<Meta> {
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(file);
  } catch (error) {
    throw UsageError.of(
      'PD2120',
      `cannot read the binary ${file}: ${(error as Error).message}`,
      'build it first, or correct the path in the playbook or inventory',
    );
  }
  if (stat === undefined || !stat.isFile()) throw UsageError.of('PD2120', `the binary ${file} is not a file`);
  const key = createHash('sha256')
    .update(`${file}\0${stat.ino}\0${stat.size}\0${stat.mtimeMs}\0${stat.ctimeMs}`)
    .digest('hex');
  const memo = `${cacheFolder('artifacts')}/${key}.json`;
  if (existsSync(memo)) return JSON.parse(readFileSync(memo, 'utf8')) as Meta;
  const content = readFileSync(file);
  const elf = readElf(content);
  const meta: Meta = {
    sha256: createHash('sha256').update(content).digest('hex'),
    size: content.length,
    ...(elf === undefined ? {} : { elf }),
  };
  writeAtomic(memo, JSON.stringify(meta));
  return meta;
}

async function compress(file: string, meta: Meta, binary: string, target: string): Promise<void> {
  const temp = `${target}.${randomBytes(4).toString('hex')}`;
  const hash = createHash('sha256');
  let size = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  const head = tarHeader(`release/bin/${binary}`, 0o555, meta.size);
  async function* entry(): AsyncGenerator<Buffer> {
    yield head;
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }).pipe(watch))
      yield chunk as Buffer;
    yield tarPadding(meta.size);
  }
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  try {
    await pipeline(Readable.from(entry()), zstd, createWriteStream(temp, { mode: 0o600 }));
    if (size !== meta.size || hash.digest('hex') !== meta.sha256)
      throw new RefusedError('PD3021', `the binary ${file} changed while it was read`, {
        hint: 'wait for the build to end, then try again',
      });
    renameSync(temp, target);
  } finally {
    rmSync(temp, { force: true });
  }
}

async function download(url: string, digest: string): Promise<string> {
  const target = `${cacheFolder('downloads')}/${digest}`;
  if (existsSync(target)) return target;
  const temp = `${target}.${randomBytes(4).toString('hex')}`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (!answer.ok || answer.body === null)
      throw new RefusedError('PD3022', `GET ${url} answered ${answer.status}`);
    const hash = createHash('sha256');
    const watch = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(answer.body as never), watch, createWriteStream(temp, { mode: 0o600 }));
    const got = hash.digest('hex');
    if (got !== digest)
      throw new RefusedError('PD3023', `${url} has sha256 ${got}, the playbook says ${digest}`, {
        hint: 'do not deploy it; find out which of the two is wrong',
      });
    renameSync(temp, target);
    return target;
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    throw new RefusedError('PD3022', `cannot fetch ${url}: ${(error as Error).message}`, { cause: error });
  } finally {
    rmSync(temp, { force: true });
  }
}

/** Writes to a temporary name, then renames: a reader sees the old or the new file, never half of one. */
export function writeAtomic(file: string, text: string): void {
  const temp = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(temp, text, { mode: 0o600 });
  renameSync(temp, file);
}
