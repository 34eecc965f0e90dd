import { spawn } from 'node:child_process';
import { sanitizeLines } from '../util/sanitize.ts';
import { type Failure, failure } from './wanted.ts';

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT = 1 << 20;

/**
 * What a program says on standard output. It is started without a shell, may ask on the terminal, and has a minute.
 * Of what it says when it fails only the last line of standard error is told.
 */
export function runProgram(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<string | Failure> {
  const [file = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(file, args, { ...options, stdio: ['inherit', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
    const chunks: Buffer[] = [];
    let size = 0;
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-4_096);
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(
        failure('PD2145', `${file}: ${error.code === 'ENOENT' ? 'there is no such program' : error.code}`),
      ),
    );
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(chunks).toString('utf8'));
      const last = sanitizeLines(said.trim()).at(-1) ?? '';
      const how = code === null ? `was ended by ${signal}` : `ended with ${code}`;
      resolve(failure('PD2145', `${file} ${how}${last === '' ? '' : `: ${last}`}`));
    });
  });
}
