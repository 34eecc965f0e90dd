import type { Readable } from 'node:stream';

/** A file of a payload. With `open`, exactly `size` bytes are read from the stream it returns. */
export type TarEntry =
  | { readonly path: string; readonly mode: number; readonly content: Uint8Array }
  | { readonly path: string; readonly mode: number; readonly size: number; readonly open: () => Readable };

const BLOCK = 512;

/** The two empty blocks that end an archive. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK);

/** Header block of a regular file, ustar. Owner root, time 0: equal contents give equal bytes. */
export function tarHeader(path: string, mode: number, size: number): Buffer {
  const { name, prefix } = split(path);
  if (!Number.isSafeInteger(size) || size < 0 || size >= 8 ** 11) throw new RangeError(`tar: size ${size}`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100, 'latin1');
  block.write(octal(mode & 0o7777, 7), 100, 'latin1');
  block.write(octal(0, 7), 108, 'latin1');
  block.write(octal(0, 7), 116, 'latin1');
  block.write(octal(size, 11), 124, 'latin1');
  block.write(octal(0, 11), 136, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write('0', 156, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  block.write('root', 265, 'latin1');
  block.write('root', 297, 'latin1');
  block.write(octal(0, 7), 329, 'latin1');
  block.write(octal(0, 7), 337, 'latin1');
  block.write(prefix, 345, 155, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return block;
}

/** Zero bytes that fill the last block of a file. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** Bytes of the archive, in pieces. `end: false` leaves it open, so that more entries can follow. */
export async function* packTar(
  entries: Iterable<TarEntry>,
  options: { readonly end?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    if ('content' in entry) {
      yield tarHeader(entry.path, entry.mode, entry.content.length);
      yield entry.content;
      yield tarPadding(entry.content.length);
      continue;
    }
    yield tarHeader(entry.path, entry.mode, entry.size);
    yield* exactly(entry);
    yield tarPadding(entry.size);
  }
  if (options.end !== false) yield TAR_END;
}

/** The archive of entries that are all in memory. */
export function packTarBuffer(entries: Iterable<Extract<TarEntry, { content: Uint8Array }>>): Buffer {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    parts.push(tarHeader(entry.path, entry.mode, entry.content.length), entry.content);
    parts.push(tarPadding(entry.content.length));
  }
  return Buffer.concat([...parts, TAR_END]);
}

async function* exactly(entry: Extract<TarEntry, { size: number }>): AsyncGenerator<Uint8Array> {
  let left = entry.size;
  for await (const chunk of entry.open()) {
    const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    left -= bytes.length;
    if (left < 0) break;
    yield bytes;
  }
  if (left !== 0) throw new Error(`tar: '${entry.path}' changed its size while it was read`);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function split(path: string): { name: string; prefix: string } {
  if (
    !/^[!-~]+$/.test(path) ||
    path.startsWith('/') ||
    path.split('/').some((p) => p === '' || p === '.' || p === '..')
  )
    throw new RangeError(`tar: path ${JSON.stringify(path)}`);
  if (path.length <= 100) return { name: path, prefix: '' };
  const cut = path.indexOf('/', path.length - 101);
  if (cut < 1 || cut > 155) throw new RangeError(`tar: path is too long: ${path}`);
  return { name: path.slice(cut + 1), prefix: path.slice(0, cut) };
}
