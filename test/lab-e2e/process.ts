import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export type Ran = {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, in the order in which they came. */
  readonly text: string;
};

/** A program at work. */
export type Started = {
  readonly child: ChildProcess;
  readonly done: Promise<Ran>;
  /** Waits until its output has something; rejects when it ends before that. */
  readonly says: (what: RegExp) => Promise<void>;
};

/** Follows a program to its end, which comes by force after `limitMs`. */
export function watch(
  child: ChildProcess,
  options: { readonly input?: string; readonly limitMs: number },
): Started {
  let stdout = '';
  let stderr = '';
  let text = '';
  let closed = false;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    text += chunk.toString();
    tell();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    text += chunk.toString();
    tell();
  });
  // A program that ends without reading its input is no trouble of ours.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  const timer = setTimeout(() => child.kill('SIGKILL'), options.limitMs);
  const done = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      closed = true;
      tell();
      resolve({ code, stdout, stderr, text });
    });
  });
  const says = (what: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!what.test(text) && !closed) return;
        listeners.delete(look);
        if (what.test(text)) resolve();
        else reject(new Error(`it ended without saying ${what}:\n${text}`));
      };
      listeners.add(look);
      look();
    });
  return { child, done, says };
}

/** Resolves when a failpoint has stopped the program; rejects when it ends before that. */
export async function stopped(started: Started): Promise<void> {
  const { child } = started;
  for (let n = 0; n < 3_000 && child.exitCode === null && child.signalCode === null; n += 1) {
    if (/\) T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8'))) return;
    await sleep(10);
  }
  child.kill('SIGKILL');
  throw new Error(`it never came by its failpoint:\n${(await started.done).text}`);
}
