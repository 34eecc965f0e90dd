import { execFile } from 'node:child_process';

import { LAB_CODE, labBroken } from './errors.ts';

export type RunOptions = {
  /** Text for stdin. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
};

export type RunResult = {
  /** Exit status; 127 when the program could not be started, 124 when it ran into the time limit. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs one program with an argument list, never through a shell. Does not throw on a non-zero exit. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      [...args],
      {
        env: { ...process.env, LC_ALL: 'C', ...options.env },
        maxBuffer: MAX_OUTPUT_BYTES,
        timeout: Math.ceil(options.timeoutMs ?? 0),
        killSignal: 'SIGKILL',
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ code: 0, stdout, stderr });
        if (typeof error.code === 'number') return resolve({ code: error.code, stdout, stderr });
        if (error.killed === true) return resolve({ code: 124, stdout, stderr });
        resolve({ code: 127, stdout, stderr: stderr === '' ? error.message : stderr });
      },
    );
    // A program that ends without reading its input is told by its exit status, not by EPIPE.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

/** Like {@link run}, but a non-zero exit is PD6010. Gives back stdout. */
export async function mustRun(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await run(file, args, options);
  if (result.code === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-3).join('\n');
  throw labBroken(LAB_CODE.command, `${file} ${args.join(' ')} ended with ${result.code}: ${said}`);
}
