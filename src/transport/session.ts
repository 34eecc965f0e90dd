import { setTimeout as sleep } from 'node:timers/promises';
import { discard } from './feed.ts';
import { createGate } from './gate.ts';
import type { Carrier } from './link.ts';
import type { ConstCommand, RunOptions, RunResult, Session } from './port.ts';
import { runCommand } from './run-command.ts';
import { type Stopper, stopWhen } from './stopper.ts';

/** sshd allows 10 at once on a connection (MaxSessions); an ended one still counts for a moment. */
const CHANNELS = 8;
const BUSY_PAUSE_MS = 50;
const BUSY_PAUSES = 10;

export function createSession(
  host: string,
  link: Carrier,
  commandLine: (command: ConstCommand) => string,
): Session {
  const gate = createGate(CHANNELS);

  const attempts = async (line: string, options: RunOptions, stopper: Stopper): Promise<RunResult> => {
    for (let pauses = 0; ; ) {
      const leave = await gate.enter(stopper.signal).catch(() => undefined);
      if (leave === undefined || stopper.signal.aborted || !link.alive) {
        leave?.();
        return {
          kind: 'never-started',
          why: stopper.signal.aborted ? stopper.why() : 'the connection had been lost',
        };
      }
      const outcome = await runCommand(link, line, options, stopper).finally(leave);
      if (outcome.kind !== 'busy') return outcome;
      // This host allows fewer channels. That nothing was started is certain, so the command may wait and ask again.
      if (gate.shrinkTo(gate.inside)) continue;
      if (++pauses > BUSY_PAUSES) return { kind: 'never-started', why: outcome.why };
      await sleep(BUSY_PAUSE_MS);
    }
  };

  const run = async (command: ConstCommand, options: RunOptions): Promise<RunResult> => {
    const stopper = stopWhen({
      deadlineMs: options.deadlineMs,
      late: `no answer within ${options.deadlineMs / 1_000} s`,
      abort: options.signal,
      lost: link.lost,
    });
    try {
      return await attempts(commandLine(command), options, stopper);
    } finally {
      stopper.release();
      discard(options.stdin);
    }
  };

  return { host, run, dead: link.dead, close: () => link.end('closed') };
}
