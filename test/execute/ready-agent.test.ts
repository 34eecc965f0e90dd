import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { startAgent } from '../../src/execute/ready-agent.ts';
import type { RunOptions, RunResult, Session } from '../../src/transport/port.ts';

/** A session whose one command echoes what it gets, line by line, when its input ends; `end` ends it before. */
function echoing(): {
  readonly session: Session;
  readonly runs: RunOptions[];
  end: (result: RunResult) => void;
} {
  const runs: RunOptions[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<RunResult>();
  const run = async (_command: string, options: RunOptions): Promise<RunResult> => {
    runs.push(options);
    const stopped = once(options.signal as AbortSignal, 'abort').then(
      (): RunResult => ({ kind: 'unknown', why: 'stopped by the caller', stdout: '' }),
    );
    const echoed = (async (): Promise<RunResult> => {
      let text = '';
      for await (const chunk of options.stdin as Readable) text += String(chunk);
      if (text.includes('silence')) return await new Promise(() => undefined);
      for (const line of text.trimEnd().split('\n')) options.onLine?.(line);
      return { kind: 'exited', code: 0, stdout: '', stderr: '', truncated: false };
    })();
    return await Promise.race([stopped, echoed, ended]);
  };
  return {
    session: { host: 'h', run, close: async () => undefined, dead: new Promise(() => undefined) },
    runs,
    end,
  };
}

test('a waiting agent is started at once and gets the request later', async () => {
  const { session, runs } = echoing();
  const agent = startAgent(session);
  expect(runs).toHaveLength(1);
  const lines: string[] = [];
  const result = await agent.run({
    stdin: Readable.from(['one\n', 'two\n']),
    deadlineMs: 1_000,
    onLine: (l) => lines.push(l),
  });
  expect(result).toMatchObject({ kind: 'exited', code: 0 });
  expect(lines).toEqual(['one', 'two']);
});

test('the deadline counts from the request', async () => {
  const { session } = echoing();
  const result = await startAgent(session).run({ stdin: Buffer.from('silence'), deadlineMs: 50 });
  expect(result).toEqual({ kind: 'unknown', why: 'no answer within 0.05 s', stdout: '' });
});

test('the caller stops it', async () => {
  const { session } = echoing();
  const stop = new AbortController();
  const running = startAgent(session).run({
    stdin: Buffer.from('silence'),
    deadlineMs: 60_000,
    signal: stop.signal,
  });
  stop.abort();
  expect(await running).toMatchObject({ kind: 'unknown', why: 'stopped by the caller' });
});

test('one that has gone says that nothing was started', async () => {
  const { session, end } = echoing();
  const agent = startAgent(session);
  end({ kind: 'unknown', why: 'the connection was lost', stdout: '' });
  await new Promise((r) => setTimeout(r, 5));
  expect(await agent.run({ stdin: Buffer.from('x'), deadlineMs: 1_000 })).toMatchObject({
    kind: 'never-started',
  });
});
