import { PassThrough, type Readable } from 'node:stream';
import type { RunOptions, RunResult, Session } from '../transport/port.ts';

/**
 * An agent that runs on a host and waits for its request: the call that gets it does not wait for sshd, the login shell
 * and the start of the agent, which is what most of a short call consists of. It has been asked for nothing, so it can
 * be dropped at any time.
 */
export type ReadyAgent = {
  /** Once. `never-started` when it has gone meanwhile and nothing was sent. */
  run(options: RunOptions): Promise<RunResult>;
  drop(): void;
};

/** The call's own deadline counts from its request; this one only ends what was forgotten. */
const FOREVER_MS = 24 * 3_600_000;

export function startAgent(session: Session): ReadyAgent {
  const stdin = new PassThrough();
  const stop = new AbortController();
  let onLine: RunOptions['onLine'];
  let over = false;
  const result = session.run('agent', {
    stdin,
    deadlineMs: FOREVER_MS,
    onLine: (line) => onLine?.(line),
    signal: stop.signal,
  });
  const ended = (): void => {
    over = true;
  };
  result.then(ended, ended);
  const run = async (options: RunOptions): Promise<RunResult> => {
    if (over) return { kind: 'never-started', why: 'the waiting agent has gone' };
    onLine = options.onLine;
    let late = false;
    const leave = (): void => stop.abort();
    const timer = setTimeout(() => {
      late = true;
      leave();
    }, options.deadlineMs);
    if (options.signal?.aborted === true) leave();
    options.signal?.addEventListener('abort', leave, { once: true });
    send(options.stdin, stdin);
    try {
      const got = await result;
      return late && got.kind === 'unknown'
        ? { ...got, why: `no answer within ${options.deadlineMs / 1_000} s` }
        : got;
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', leave);
    }
  };
  return { run, drop: () => stop.abort() };
}

function send(source: Buffer | Readable, stdin: PassThrough): void {
  if (Buffer.isBuffer(source)) {
    stdin.end(source);
    return;
  }
  source.on('error', (error) => stdin.destroy(error));
  stdin.on('close', () => source.destroy());
  source.pipe(stdin);
}
