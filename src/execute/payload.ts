import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGzip, createZstdDecompress, zstdCompressSync } from 'node:zlib';
import { packTarBuffer } from '../host/tar.ts';
import type { Artifact } from './artifact.ts';
import { type CompiledHost, reveal } from './compile.ts';

export type Entry = { readonly path: string; readonly mode: number; readonly content: Uint8Array };

export type Encoding = 'tar.zst' | 'tar.gz';

/** A release on its way to a host: the binary's cached frame and the small files. */
export type Payload = {
  /** Bytes on the wire with zstd, whole and without the binary. */
  readonly size: number;
  readonly sizeOfTexts: number;
  /**
   * @param extra entries of this one request, after the release's own
   * @param what `texts`: the host takes the binary from a release that it has
   */
  open(encoding: Encoding, extra: readonly Entry[], what: 'all' | 'texts'): Readable;
};

/**
 * Joins the cached zstd frame of the binary with one of the texts: frames may follow each other (RFC 8878, 3.1).
 * @param artifact undefined: the hosts have the binary
 */
export function payloadOf(
  artifact: Artifact | undefined,
  manifest: string,
  texts: readonly Entry[],
): Payload {
  const own: readonly Entry[] = [
    { path: 'release/manifest', mode: 0o444, content: Buffer.from(manifest) },
    ...texts.map((t) => ({ ...t, path: `release/${t.path}` })),
  ];
  const pack = (extra: readonly Entry[]): Buffer => zstdCompressSync(packTarBuffer([...own, ...extra]));
  const sizeOfTexts = pack([]).length;
  return {
    size: (artifact?.frameSize ?? 0) + sizeOfTexts,
    sizeOfTexts,
    open: (encoding, extra, what) => {
      const small = pack(extra);
      const parts =
        what === 'all' && artifact !== undefined
          ? frames(artifact.frame, artifact.frameSize, small)
          : [small];
      const zst = Readable.from(parts, { objectMode: false });
      return encoding === 'tar.zst' ? zst : zst.pipe(createZstdDecompress()).pipe(createGzip({ level: 1 }));
    },
  };
}

async function* frames(file: string, size: number, small: Buffer): AsyncGenerator<Buffer> {
  if (size > SHARED_MAX) {
    for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) yield chunk as Buffer;
  } else {
    const whole = await shared(file);
    for (let at = 0; at < whole.length; at += CHUNK) yield whole.subarray(at, at + CHUNK);
  }
  yield small;
}

const CHUNK = 1 << 18;
/** A frame up to this size, in bytes, is read once and kept for all hosts. */
const SHARED_MAX = 64 << 20;
let kept: { readonly file: string; readonly content: Promise<Buffer> } | undefined;

function shared(file: string): Promise<Buffer> {
  if (kept?.file !== file) kept = { file, content: readFile(file) };
  return kept.content;
}

export function textEntries(compiled: CompiledHost): readonly Entry[] {
  return compiled.texts.map((t) => ({
    path: t.path,
    mode: Number.parseInt(t.mode, 8),
    content: Buffer.from(reveal(t.content)),
  }));
}
