import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { ALLOWED, converse, ENOUGH, type Outcome, REFUSED, unclear, WISH_MS, type Wish } from '../wish.ts';
import { sharedArguments } from './arguments.ts';

type Shared = { readonly program: string; readonly env: NodeJS.ProcessEnv; readonly socket: string };

/** Tries one wish over a shared connection of OpenSSH. Never rejects. */
export async function tryByOpenssh(shared: Shared, wish: Wish): Promise<Outcome> {
  const token = randomBytes(16).toString('hex');
  let complaints = '';
  const start = (flags: readonly string[], words: readonly string[]): ChildProcess => {
    const args = [...sharedArguments(shared.socket, token), ...flags, '--', 'shared', ...words];
    const child = spawn(shared.program, args, { env: shared.env, stdio: 'pipe' });
    child.stderr?.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk.toString('latin1')).slice(-ENOUGH);
    });
    return child;
  };
  const outcome = await granted(start, wish);
  // Without the connection nothing was asked of the host, so it refused nothing.
  const lost = complaints.includes(token) || NO_MASTER.test(complaints);
  return lost ? unclear('the connection was lost') : outcome;
}

/** What ssh says when there is no shared connection (any more): mux.c. */
const NO_MASTER = /read from master failed|Control socket connect|No ControlPath/;

type Start = (flags: readonly string[], words: readonly string[]) => ChildProcess;

async function granted(start: Start, wish: Wish): Promise<Outcome> {
  switch (wish.how) {
    case 'command':
      return await talk(start(['-T'], [wish.command]), '', wish.proof);
    case 'shell':
      return await talk(start(['-T'], []), wish.input, wish.proof);
    case 'subsystem':
      return await talk(start(['-T', '-s'], [wish.subsystem]), wish.input, wish.proof);
    case 'terminal':
      return await said(start(['-tt'], [wish.command]), hasNoTerminal, TERMINAL_MS);
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

/** A terminal is refused before the command starts; one that is given may wait for input for ever. */
const TERMINAL_MS = 3_000;

function hasNoTerminal(text: string): Outcome {
  return /PTY allocation request failed/.test(text) ? REFUSED : ALLOWED;
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

/** Judges by all that ssh says until it ends, or until it has had `waitMs` for it. */
function said(child: ChildProcess, judge: (text: string) => Outcome, waitMs?: number): Promise<Outcome> {
  return new Promise((resolve) => {
    let text = '';
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      child.kill('SIGTERM');
      resolve(outcome);
    };
    const late = (): void =>
      finish(waitMs === undefined ? unclear(`no end within ${WISH_MS / 1_000} s`) : judge(text));
    const timer = setTimeout(late, waitMs ?? WISH_MS);
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
