import { readdirSync, readFileSync } from 'node:fs';

const EVERY_MS = 20;

/** Looks at the arguments and the environment of every process of this machine, which are those of its hosts too. */
export function watchProcesses(patterns: readonly string[]): {
  readonly looks: () => number;
  /** What was found: `pid cmdline|environ: text`. */
  readonly found: () => readonly string[];
  readonly end: () => void;
} {
  const wanted = patterns.map((p) => Buffer.from(p, 'utf8').toString('latin1'));
  const found = new Set<string>();
  let looks = 0;
  const look = (): void => {
    looks += 1;
    for (const pid of readdirSync('/proc'))
      if (/^\d+$/.test(pid) && pid !== String(process.pid))
        for (const what of ['cmdline', 'environ']) {
          const text = read(`/proc/${pid}/${what}`);
          if (wanted.some((p) => text.includes(p))) found.add(`${pid} ${what}: ${text}`);
        }
  };
  const timer = setInterval(look, EVERY_MS);
  return { looks: () => looks, found: () => [...found], end: () => clearInterval(timer) };
}

/** Empty for a process that has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
