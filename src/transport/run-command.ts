import { keepText, passLines } from './capture.ts';
import { feed } from './feed.ts';
import type { Carrier, Running } from './link.ts';
import type { RunOptions, RunResult } from './port.ts';
import { printable } from './printable.ts';
import type { Stopper } from './stopper.ts';

/** `busy`: the host takes no further channel on this connection now. The command was not started. */
export type Outcome = RunResult | { readonly kind: 'busy'; readonly why: string };

const MAX_OUT = 1 << 20;
/** Output past the cap that is thrown away before the channel is closed: a command that ends by itself tells its code. */
const SLACK = 1 << 20;
/** A command is over when it has ended and been quiet for this long, even if a child keeps its output open. */
const AFTERGLOW_MS = 2_000;

type Exit = { readonly code: number | null; readonly signal: string | undefined };

/**
 * Runs one command over its own channel. Settles when it ends or when `stopper` fires, which it must not have done.
 * What is left of a stream to send is the caller's to discard.
 */
export function runCommand(
  link: Carrier,
  command: string,
  options: RunOptions,
  stopper: Stopper,
): Promise<Outcome> {
  const max = options.maxOut ?? MAX_OUT;
  const { onLine } = options;
  const out = onLine === undefined ? keepText(max) : passLines(max, onLine);
  const err = keepText(max);

  return new Promise((resolve, reject) => {
    let settled = false;
    let running: Running | undefined;
    let stopFeeding = (): void => undefined;
    let exit: Exit | undefined;
    let truncated = false;
    let thrownAway = 0;
    let afterglow: NodeJS.Timeout | undefined;

    const settle = (act: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(afterglow);
      stopper.signal.removeEventListener('abort', onStop);
      stopFeeding();
      running?.close();
      act();
    };
    const finish = (outcome: Outcome): void => settle(() => resolve(outcome));
    const unknown = (why: string): void => finish({ kind: 'unknown', why, stdout: out.text() });
    const ended = (): void => {
      if (running?.refused() === true) {
        finish({ kind: 'busy', why: 'the host takes no further command on this connection' });
      } else if (exit?.signal !== undefined) {
        finish({ kind: 'signaled', signal: printable(exit.signal), stdout: out.text(), stderr: err.text() });
      } else if (typeof exit?.code === 'number') {
        finish({ kind: 'exited', code: exit.code, stdout: out.text(), stderr: err.text(), truncated });
      } else unknown('the channel was closed and no exit status came');
    };
    const onStop = (): void => {
      if (link.alive && exit !== undefined) ended();
      else unknown(stopper.why());
    };
    const take = (capture: typeof out) => (chunk: Buffer) => {
      if (settled) return;
      afterglow?.refresh();
      try {
        truncated = !capture.push(chunk) || truncated;
      } catch (error) {
        settle(() => reject(error));
        return;
      }
      if (truncated) thrownAway += chunk.length;
      if (thrownAway > SLACK) unknown(`more than ${max} bytes of output; the channel was closed`);
    };

    const opened = (error: Error | undefined, started: Running | undefined): void => {
      if (started === undefined) finish(notOpened(error ?? new Error('it was not started')));
      else converse(started);
    };
    const converse = (started: Running): void => {
      running = started;
      for (const stream of [started.stdin, started.stdout, started.stderr])
        stream.on('error', () => undefined);
      started.stdout.on('data', take(out));
      started.stderr.on('data', take(err));
      if (settled) {
        started.close();
        return;
      }
      started.onExit((code, signal) => {
        exit = { code, signal };
        // Of a command that was given up nobody waits for the rest, and a timer would keep the process alive.
        if (!settled) afterglow = setTimeout(ended, AFTERGLOW_MS);
      });
      started.onClose(() => {
        // With the connection gone, output may be missing: `dead` speaks for it.
        if (link.alive) ended();
      });
      stopFeeding = feed(options.stdin, started.stdin, (why) =>
        unknown(`what to send cannot be read: ${why.message}`),
      );
    };

    stopper.signal.addEventListener('abort', onStop, { once: true });
    try {
      link.start(command, opened);
    } catch {
      finish({ kind: 'never-started', why: 'the connection had been lost' });
    }
  });
}

/** ssh2 says in words alone whether the request ever left: only an unopened channel is sure. */
function notOpened(error: Error): Outcome {
  const why = printable(error.message);
  if (/Channel open failure/.test(why)) return { kind: 'busy', why };
  if (/No response from server/.test(why)) return { kind: 'never-started', why: 'the connection was lost' };
  return { kind: 'unknown', why: `the host did not take the command: ${why}`, stdout: '' };
}
