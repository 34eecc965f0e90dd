import { readFileSync, writeFileSync } from 'node:fs';

const E_MACHINE = 18;
const AARCH64 = 183;

/** A copy of an ELF binary that says it is for another processor. */
export function forAarch64(binary: string, copy: string): string {
  const bytes = readFileSync(binary);
  bytes.writeUInt16LE(AARCH64, E_MACHINE);
  writeFileSync(copy, bytes, { mode: 0o755 });
  return copy;
}

/** A copy of a binary that needs a library which no host has, in place of libgcc_s. */
export function withoutLibrary(binary: string, copy: string): string {
  const bytes = readFileSync(binary);
  const there = Buffer.from('\0libgcc_s.so.1\0');
  const absent = Buffer.from('\0libnowhr.so.1\0');
  let found = 0;
  for (let at = bytes.indexOf(there); at >= 0; at = bytes.indexOf(there, at + 1)) {
    absent.copy(bytes, at);
    found += 1;
  }
  if (found === 0) throw new Error(`${binary} does not need libgcc_s.so.1`);
  writeFileSync(copy, bytes, { mode: 0o755 });
  return copy;
}
