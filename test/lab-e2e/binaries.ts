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

/** Of what the reference services need, what not every program does. */
const LIBRARIES = ['libgcc_s.so.1', 'libzstd.so.1'];

/** A copy of a binary that needs a library which no host has, `libq...`, in place of one that it needs. */
export function withoutLibrary(binary: string, copy: string): string {
  const bytes = readFileSync(binary);
  const name = LIBRARIES.find((library) => bytes.includes(`\0${library}\0`));
  if (name === undefined) throw new Error(`${binary} needs none of ${LIBRARIES.join(', ')}`);
  const [there, absent] = [`\0${name}\0`, `\0${name.replace(/^lib./, 'libq')}\0`];
  for (let at = bytes.indexOf(there); at >= 0; at = bytes.indexOf(there, at + 1)) bytes.write(absent, at);
  writeFileSync(copy, bytes, { mode: 0o755 });
  return copy;
}
