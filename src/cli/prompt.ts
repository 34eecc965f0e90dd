import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Asks for yes or no on standard error. Anything but yes is no. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if ((error as Error).name === 'AbortError') return false;
    throw error;
  } finally {
    lines.close();
  }
}

/** Asks for the passphrase of a key file; what is typed is not shown. */
export async function askPassphrase(file: string): Promise<string> {
  process.stderr.write(`Passphrase of ${file}: `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
