import { readFile, stat } from 'node:fs/promises';
import { type KnownLine, parseKnownHosts } from './parse.ts';

/** Reads known_hosts files, in order. A file that is not there is empty; one that cannot be read throws. */
export type KnownHostsReader = (files: readonly string[]) => Promise<KnownLine[]>;

type Cached = { readonly stamp: string; readonly lines: readonly KnownLine[] };

/** A reader that parses a file again only when it changed. */
export function knownHostsReader(): KnownHostsReader {
  const cache = new Map<string, Cached>();
  const read = async (file: string): Promise<readonly KnownLine[]> => {
    try {
      const s = await stat(file, { bigint: true });
      const stamp = `${s.ino} ${s.size} ${s.mtimeNs} ${s.ctimeNs}`;
      const hit = cache.get(file);
      if (hit?.stamp === stamp) return hit.lines;
      const lines = parseKnownHosts(await readFile(file, 'utf8'), file);
      cache.set(file, { stamp, lines });
      return lines;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  };
  return async (files) => (await Promise.all(files.map(read))).flat();
}
