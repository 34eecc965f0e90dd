/** What has to fit between an executable and a host. */
export type ElfInfo = {
  /** As `uname -m` says it: `x86_64`, `aarch64`, ...; `elf-<number>` when it is not known here. */
  readonly machine: string;
  readonly bits: 32 | 64;
  /** Path of the dynamic loader, '' for a static executable. */
  readonly interpreter: string;
  /** Names of the shared libraries it asks for. */
  readonly needed: readonly string[];
  /** Highest GLIBC_x.y it asks for; '' when none. */
  readonly glibc: string;
};

const MACHINES: ReadonlyMap<number, string> = new Map([
  [3, 'i686'],
  [21, 'ppc64le'],
  [22, 's390x'],
  [40, 'armv7l'],
  [62, 'x86_64'],
  [183, 'aarch64'],
  [243, 'riscv64'],
  [258, 'loongarch64'],
]);

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_VERNEED = 0x6ffffffe;
const DT_VERNEEDNUM = 0x6fffffff;

type Segment = {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
};

/**
 * Reads the headers of an ELF file as the loader does: from the program headers, so that stripped files work.
 * @returns undefined when it is no ELF file, or is cut off or damaged
 */
export function readElf(file: Buffer): ElfInfo | undefined {
  try {
    return parse(file);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function parse(file: Buffer): ElfInfo | undefined {
  if (file.length < 52 || file.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const read = reader(file, file[4] === 2, file[5] !== 2);
  const segments = readSegments(read);
  const dynamic = readDynamic(read, segments);
  const at = (tag: number) => dynamic.find(([t]) => t === tag)?.[1];
  const strings = fileOffset(segments, at(DT_STRTAB) ?? 0);
  const text = (offset: number) => read.text(strings + offset);
  const interp = segments.find((segment) => segment.type === PT_INTERP);
  const machine = read.u16(18);
  const versions =
    at(DT_VERNEED) === undefined
      ? []
      : readVersions(read, fileOffset(segments, at(DT_VERNEED) ?? 0), at(DT_VERNEEDNUM) ?? 0, text);
  return {
    machine: MACHINES.get(machine) ?? `elf-${machine}`,
    bits: read.wide ? 64 : 32,
    interpreter: interp === undefined ? '' : read.text(interp.offset),
    needed: dynamic.filter(([tag]) => tag === DT_NEEDED).map(([, offset]) => text(offset)),
    glibc: highest(versions),
  };
}

type Reader = {
  readonly wide: boolean;
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  readonly word: (at: number) => number;
  readonly text: (at: number) => string;
};

function reader(file: Buffer, wide: boolean, little: boolean): Reader {
  const u32 = (at: number) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  return {
    wide,
    u16: (at) => (little ? file.readUInt16LE(at) : file.readUInt16BE(at)),
    u32,
    word: (at) => (wide ? Number(little ? file.readBigUInt64LE(at) : file.readBigUInt64BE(at)) : u32(at)),
    text: (at) => {
      const end = file.indexOf(0, at);
      if (at >= file.length || end < 0 || end - at > 4096) throw new RangeError('elf: string');
      return file.toString('latin1', at, end);
    },
  };
}

function readSegments(read: Reader): readonly Segment[] {
  const start = read.word(read.wide ? 32 : 28);
  const size = read.u16(read.wide ? 54 : 42);
  const count = read.u16(read.wide ? 56 : 44);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    return {
      type: read.u32(at),
      offset: read.word(at + (read.wide ? 8 : 4)),
      address: read.word(at + (read.wide ? 16 : 8)),
      size: read.word(at + (read.wide ? 32 : 16)),
    };
  });
}

function readDynamic(read: Reader, segments: readonly Segment[]): readonly (readonly [number, number])[] {
  const segment = segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined) return [];
  const half = read.wide ? 8 : 4;
  const entries: (readonly [number, number])[] = [];
  for (let at = segment.offset; at < segment.offset + segment.size; at += 2 * half) {
    const tag = read.word(at);
    if (tag === 0) break;
    entries.push([tag, read.word(at + half)]);
  }
  return entries;
}

/** Names in the version needs: chains of `Verneed` (next at 12) with chains of `Vernaux` (name at 8, next at 12). */
function readVersions(read: Reader, start: number, count: number, text: (at: number) => string): string[] {
  const names: string[] = [];
  let need = start;
  for (let i = 0; i < count; i += 1) {
    let aux = need + read.u32(need + 8);
    for (let left = read.u16(need + 2); left > 0; left -= 1) {
      names.push(text(read.u32(aux + 8)));
      aux += read.u32(aux + 12);
    }
    need += read.u32(need + 12);
  }
  return names;
}

function fileOffset(segments: readonly Segment[], address: number): number {
  const load = segments.find(
    (s) => s.type === PT_LOAD && address >= s.address && address < s.address + s.size,
  );
  return load === undefined ? address : address - load.address + load.offset;
}

function highest(versions: readonly string[]): string {
  const numbers = versions.flatMap((name) => /^GLIBC_(\d+(?:\.\d+)*)$/.exec(name)?.[1] ?? []);
  return numbers.sort(compareVersions).at(-1) ?? '';
}

/** Dotted numbers: negative when `a` is the older one. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
