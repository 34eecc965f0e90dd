import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { keyType } from '../key-blob.ts';

/** The known_hosts line of a key, without a line end. */
export function knownHostsLine(name: string, key: Buffer): string {
  return `${name} ${keyType(key) ?? 'unknown'} ${key.toString('base64')}`;
}

/** Appends one line; makes the file (0600) and its directory (0700) when they are missing. */
export async function recordHostKey(file: string, line: string): Promise<void> {
  // Not recursive: like ssh, which makes ~/.ssh and no more. Without it, open tells what is wrong.
  await mkdir(dirname(file), { mode: 0o700 }).catch(() => undefined);
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    const gap = size > 0 && last.toString() !== '\n' ? '\n' : '';
    await handle.appendFile(`${gap}${line}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
