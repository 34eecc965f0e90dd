import { canDraw } from './io.ts';

/** Shows a spinner while one thing is waited for, when somebody is looking. */
export async function waiting<T>(words: string, quiet: boolean, job: Promise<T>): Promise<T> {
  if (quiet || !canDraw()) return job;
  const { default: ora } = await import('ora');
  const spinner = ora({ text: words, stream: process.stderr, discardStdin: false }).start();
  try {
    return await job;
  } finally {
    spinner.stop();
  }
}
