import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectError } from '../../errors.ts';
import type { Host } from '../../model/host.ts';
import type { Keepalive } from '../heartbeat.ts';
import type { Carrier, Running } from '../link.ts';
import type { DeadReason } from '../port.ts';
import { printable } from '../printable.ts';
import type { Outcome, Wish } from '../wish.ts';
import { commandArguments, masterArguments, READY } from './arguments.ts';
import { opensshFailure } from './failure.ts';
import { writePinChecker } from './pins.ts';
import { tryByOpenssh } from './wish.ts';

export type MasterOptions = {
  readonly host: Host;
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly configFile: string | undefined;
  readonly acceptNew: boolean;
  readonly keepalive: Keepalive;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/** ssh's own code for everything that went wrong with the connection; a command's 255 cannot be told from it. */
const SSH_FAILED = 255;
const SAID_MAX = 8_192;
/** What ssh says when the shared connection ended before it answered (mux.c, mux_client_request_session). */
const LOST_IN_BETWEEN = 'read from master failed';

/**
 * Ends ssh when its standard input does, and clears up: whoever kills this process ends its connections as well. By
 * force after a second: to a host that takes nothing more in, ssh would go on saying goodbye.
 */
const LEASH =
  'd=$1; shift; exec 3<&0; "$@" </dev/null 3<&- & p=$!; { cat <&3 >/dev/null; kill $p; sleep 1; kill -9 $p; } 2>/dev/null & c=$!; exec 3<&-; wait $p; r=$?; kill $c 2>/dev/null; rm -rf -- "$d"; exit $r';

function letGo(child: ChildProcess): void {
  child.stdin?.destroy();
}

/** A connection made by OpenSSH. */
export type MasterCarrier = Carrier & { readonly try: (wish: Wish) => Promise<Outcome> };

/** Logs in with the user's own ssh and keeps the connection (ControlMaster). Rejects with ConnectError. */
export async function openMaster(options: MasterOptions): Promise<MasterCarrier> {
  const { host, program, env } = options;
  const pinned = host.connection.hostKeys.length > 0;
  // Short: the path of a socket may have 108 bytes.
  const dir = mkdtempSync(join(env.XDG_RUNTIME_DIR ?? tmpdir(), 'pdeploy-'));
  const socket = join(dir, 'c');
  const forget = (): void => rmSync(dir, { recursive: true, force: true });
  let child: ChildProcess;
  try {
    const pinChecker = pinned ? writePinChecker(dir, host.connection.hostKeys) : undefined;
    const args = masterArguments({ ...options, socket, pinChecker });
    child = spawn('/bin/sh', ['-c', LEASH, 'sh', dir, program, ...args], { env, stdio: 'pipe' });
    child.stdin?.on('error', () => undefined);
  } catch (error) {
    forget();
    throw error;
  }
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-SAID_MAX);
  });
  try {
    await ready(child, options, () => said);
  } catch (error) {
    letGo(child);
    forget();
    throw error;
  }
  // A banner is no reason for what happens to the connection later.
  said = '';
  return carrier({ child, program, env, socket, forget, said: () => said });
}

function ready(child: ChildProcess, options: MasterOptions, said: () => string): Promise<void> {
  const { host, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const finish = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      child.off('close', onClose);
      act();
    };
    const fail = (error: Error): void => finish(() => reject(error));
    const onAbort = (): void =>
      fail(new ConnectError(host.name, 'aborted', `${host.name}: stopped before it was connected.`));
    const onClose = (): void => fail(opensshFailure(host.name, said(), host.connection.hostKeys.length > 0));
    const late = (): void =>
      fail(new ConnectError(host.name, 'timeout', `${host.name}: no login within ${timeoutMs / 1_000} s.`));
    const timer = setTimeout(late, timeoutMs);
    child.on('error', (error) =>
      fail(
        new ConnectError(host.name, 'protocol', `${host.name}: /bin/sh cannot be started: ${error.message}`),
      ),
    );
    child.on('close', onClose);
    child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.includes(READY)) finish(resolve);
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

type Open = {
  readonly child: ChildProcess;
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly socket: string;
  readonly forget: () => void;
  readonly said: () => string;
};

function carrier({ child, program, env, socket, forget, said }: Open): MasterCarrier {
  let why: string | undefined;
  let alive = true;
  const lost = new AbortController();
  const dead = new Promise<DeadReason>((resolve) => {
    // Not `close`: a ProxyCommand that stays behind keeps its end of the streams.
    child.once('exit', () => {
      alive = false;
      const words =
        said()
          .split('\n')
          .map(printable)
          .findLast((line) => line !== '') ?? '';
      const reason = why ?? `the connection was lost${words === '' ? '' : `: ${words}`}`;
      forget();
      lost.abort(reason);
      resolve({ why: reason });
    });
  });
  return {
    dead,
    lost: lost.signal,
    // A connection that is lost takes its socket away before its commands end; that it has ended is known later.
    get alive() {
      return alive && why === undefined && existsSync(socket);
    },
    start: (command, opened) => {
      const refused = randomBytes(16).toString('hex');
      const run = spawn(program, commandArguments(socket, refused, command), { env, stdio: 'pipe' });
      run.once('error', (error) => opened(error, undefined));
      run.once('spawn', () => opened(undefined, runningOf(run, refused)));
    },
    try: (wish) => tryByOpenssh({ program, env, socket }, wish),
    end: async (reason) => {
      why ??= reason;
      letGo(child);
      await dead;
    },
  };
}

function runningOf(child: ReturnType<typeof spawn>, refused: string): Running {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('a command without its streams');
  let said = '';
  stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('latin1')).slice(-SAID_MAX);
  });
  return {
    // A connection that went away in between may have taken the command before it did.
    refused: () => said.includes(refused) && !said.includes(LOST_IN_BETWEEN),
    stdin,
    stdout,
    stderr,
    onExit: (tell) => child.on('exit', (code) => tell(code === SSH_FAILED ? null : code)),
    onClose: (tell) => child.on('close', tell),
    close: () => {
      child.kill('SIGTERM');
    },
  };
}
