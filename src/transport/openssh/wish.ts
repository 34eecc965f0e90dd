import { type ChildProcess, spawn } from 'node:child_process';
import { ALLOWED, converse, ENOUGH, type Outcome, REFUSED, unclear, WISH_MS, type Wish } from '../wish.ts';
import { sharedArguments } from './arguments.ts';

type Shared = { readonly program: string; readonly env: NodeJS.ProcessEnv; readonly socket: string };

/** Tries one wish over a shared connection of OpenSSH. Never rejects. */
export async function tryByOpenssh(shared: Shared, wish: Wish): Promise<Outcome> {
  const start = (flags: readonly string[], words: readonly string[]): ChildProcess =>
    spawn(
      shared.program,
      [...sharedArguments(shared.socket, 'refused'), ...flags, '--', 'shared', ...words],
      {
        env: shared.env,
        stdio: 'pipe',
      },
    );
  switch (wish.how) {
    case 'command':
      return await talk(start(['-T'], [wish.command]), '', wish.proof);
    case 'shell':
      return await talk(start(['-T'], []), wish.input, wish.proof);
    case 'subsystem':
      return await talk(start(['-T', '-s'], [wish.subsystem]), wish.input, wish.proof);
    case 'terminal':
      return await said(start(['-tt'], [wish.command]), (text) =>
        /PTY allocation request failed/.test(text) ? REFUSED : ALLOWED,
      );
    case 'forward':
      return await said(start(['-T', '-W', `127.0.0.1:${wish.port}`], []), (text) =>
        /administratively prohibited|request failed|refused by peer/.test(text) && !/^SSH-/.test(text)
          ? REFUSED
          : ALLOWED,
      );
    case 'reverse':
      return await said(start(['-O', 'forward', '-R', '127.0.0.1:0:127.0.0.1:9'], []), (text) =>
        /^\d+\s*$/.test(text) ? ALLOWED : REFUSED,
      );
  }
}

async function talk(child: ChildProcess, input: string | Buffer, proof: RegExp): Promise<Outcome> {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('a command without its streams');
  return await converse(
    {
      stdin,
      stdout,
      stderr,
      refused: () => false,
      onExit: () => undefined,
      onClose: (tell) => child.on('close', tell),
      close: () => {
        child.kill('SIGTERM');
      },
    },
    input,
    proof,
  );
}

/** Judges by all that ssh says until it ends. */
function said(child: ChildProcess, judge: (text: string) => Outcome): Promise<Outcome> {
  return new Promise((resolve) => {
    let text = '';
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      child.kill('SIGTERM');
      resolve(outcome);
    };
    const timer = setTimeout(() => finish(unclear(`no end within ${WISH_MS / 1_000} s`)), WISH_MS);
    const take = (chunk: Buffer): void => {
      text = (text + chunk.toString('latin1')).slice(0, ENOUGH);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.stdin?.on('error', () => undefined);
    child.on('error', (error) => finish(unclear(error.message)));
    child.on('close', () => finish(judge(text)));
    child.stdin?.end();
  });
}
