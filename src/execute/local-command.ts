import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { redact } from '../util/redact.ts';

export type LocalResult = {
  readonly code: number | undefined;
  readonly output: string;
  readonly timedOut: boolean;
  readonly ms: number;
};

type Options = {
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly maxOutput?: number;
  /** Text on its standard input; otherwise there is none. */
  readonly input?: string;
};

/** Runs a program on the controller without a shell. Never rejects; `code` is undefined when it did not end by itself. */
export function runLocal(argv: readonly string[], options: Options): Promise<LocalResult> {
  const [file, ...args] = argv;
  const started = performance.now();
  const limit = options.maxOutput ?? 64 * 1024;
  const decoder = new StringDecoder('utf8');
  return new Promise((resolve) => {
    let output = '';
    let timedOut = false;
    const child = spawn(file ?? '', args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const timer = setTimeout(() => {
      timedOut = true;
      if (child.pid !== undefined) killGroup(child.pid);
      // Whoever left the group may hold the pipes open for ever.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, options.timeoutMs);
    const take = (chunk: Buffer): void => {
      if (output.length < limit) output += decoder.write(chunk);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    const end = (code: number | null, why = ''): void => {
      clearTimeout(timer);
      resolve({
        code: code ?? undefined,
        output: redact(output + why).slice(0, limit),
        timedOut,
        ms: performance.now() - started,
      });
    };
    // A program that does not read what it is told says so by how it ends.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input);
    child.on('error', (error) => end(null, error.message));
    child.on('close', (code) => end(code));
  });
}

/** A program's own children must not outlive its time-out. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
