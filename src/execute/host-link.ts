import { Readable } from 'node:stream';
import { ConnectError } from '../errors.ts';
import { agentScript } from '../host/assemble.ts';
import { isTrailer, parseReply } from '../host/reply.ts';
import type { AgentRequest } from '../host/request.ts';
import { packTar } from '../host/tar.ts';
import type { Host, HostName } from '../model/host.ts';
import type { RunOptions, RunResult, Session, Transport } from '../transport/port.ts';
import { failpoint } from './failpoint.ts';
import { type ReadyAgent, startAgent } from './ready-agent.ts';

/** An answer of the agent. `unknown`: asked again as long as was allowed and still no word. */
export type CallResult =
  | { readonly kind: 'ok'; readonly lines: readonly string[] }
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly message: string;
      readonly lines: readonly string[];
    }
  | { readonly kind: 'unreachable'; readonly why: string; readonly error?: ConnectError }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'stopped' };

export type CallOptions = {
  readonly deadlineMs: number;
  /** Streamed lines; the caller stops the stream through `signal`. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Opens the payload; called again for every try. */
  readonly payload?: () => Readable;
  /** For how long an unknown outcome is asked for again, over new connections, from when contact was lost. Default 6 s. */
  readonly retryForMs?: number;
  /** The host is not tried again when contact with it was lost a moment ago. */
  readonly unlessGone?: boolean;
};

/** A host as the executor sees it: one kept connection, the right agent on it, calls that can be repeated. */
export type HostLink = {
  readonly host: Host;
  call(request: AgentRequest, options: CallOptions): Promise<CallResult>;
  connect(): Promise<void>;
  /** Puts this pdeploy's agent there once more, whatever lies in its place. Undefined when it went well. */
  installAgent(): Promise<CallResult | undefined>;
  /** Starts an agent for the next call, when one can be expected soon. */
  expectCall(): void;
  close(): Promise<void>;
};

const RETRY_FOR_MS = 6_000;
/** Of a host that was connected before. */
const RECONNECT_MS = 5_000;
const GONE_FOR_MS = 15_000;
const BACKOFF_MS = [500, 1_000, 2_000, 4_000, 8_000];
const INSTALL_DEADLINE_MS = 30_000;
const NOT_FOUND_EXIT = 127;
/** Of an agent that ended before it read the request: an older one, which does not know its argument. */
const UNREAD = /^pdeploy-end - 1 failed /;

/** Every verb answers the same when it is asked twice with one operation id; that is what makes the retries here safe. */
export function openLink(host: Host, transport: Transport, abort: AbortSignal): HostLink {
  let session: Promise<Session> | undefined;
  let ready: { readonly on: Session; readonly agent: ReadyAgent } | undefined;
  let connected = false;
  let gone: { readonly at: number; readonly result: CallResult } | undefined;

  const current = (): Promise<Session> => {
    if (session === undefined) {
      const opening = transport.connect(host, {
        signal: abort,
        ...(connected ? { timeoutMs: RECONNECT_MS } : {}),
      });
      session = opening;
      opening.then(
        () => {
          connected = true;
        },
        () => undefined,
      );
      const forget = (): void => {
        if (session === opening) session = undefined;
      };
      opening.then((s) => s.dead.then(forget), forget);
    }
    return session;
  };

  const reach = async (): Promise<Session | Extract<CallResult, { kind: 'unreachable' }>> => {
    try {
      return await current();
    } catch (error) {
      if (error instanceof ConnectError) return { kind: 'unreachable', why: error.message, error };
      throw error;
    }
  };

  const attempt = async (request: AgentRequest, options: CallOptions): Promise<CallResult> => {
    const open = await reach();
    if ('kind' in open) return open;
    const once = async (): Promise<CallResult | 'install'> => {
      const lines: string[] = [];
      const run = (agent: ReadyAgent | undefined): Promise<RunResult> => {
        const how: RunOptions = {
          stdin: stdinOf(request, options),
          deadlineMs: options.deadlineMs,
          onLine: (line) => {
            lines.push(line);
            if (!isTrailer(line)) options.onLine?.(line);
          },
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        };
        return agent === undefined ? open.run('agent', how) : agent.run(how);
      };
      const waiting = ready?.on === open ? ready.agent : undefined;
      ready = undefined;
      let result = await run(waiting);
      if (waiting !== undefined && result.kind === 'never-started') result = await run(undefined);
      return options.signal?.aborted === true ? { kind: 'stopped' } : interpret(result, lines, request.opId);
    };
    const first = await once();
    if (first !== 'install') return first;
    const failure = await install(host.name, open);
    if (failure !== undefined) return failure;
    const second = await once();
    if (second !== 'install') return second;
    return {
      kind: 'error',
      code: 'agent-mismatch',
      message: 'the agent was installed but does not answer',
      lines: [],
    };
  };

  return {
    host,
    connect: async () => {
      await current();
    },
    installAgent: async () => {
      const open = await reach();
      return 'kind' in open ? open : await install(host.name, open);
    },
    expectCall: () => {
      const opening = session;
      opening?.then(
        (open) => {
          if (ready?.on !== open && session === opening) ready = { on: open, agent: startAgent(open) };
        },
        () => undefined,
      );
    },
    call: async (request, options) => {
      if (options.unlessGone === true && gone !== undefined && performance.now() - gone.at < GONE_FOR_MS)
        return gone.result;
      let until: number | undefined;
      for (let n = 0; ; n += 1) {
        const result = await faulty(request, () => attempt(request, options));
        const lost = result.kind === 'unknown' || result.kind === 'unreachable';
        gone = lost ? { at: performance.now(), result } : undefined;
        const again = result.kind === 'unknown' || (result.kind === 'unreachable' && n > 0);
        const pause = BACKOFF_MS[Math.min(n, BACKOFF_MS.length - 1)] ?? 0;
        until ??= performance.now() + (options.retryForMs ?? RETRY_FOR_MS);
        if (!again || abort.aborted || performance.now() + pause > until) return result;
        await new Promise((r) => setTimeout(r, pause * (0.75 + Math.random() / 2)));
      }
    },
    close: async () => {
      const open = session;
      session = undefined;
      ready?.agent.drop();
      ready = undefined;
      if (open !== undefined) await open.then((s) => s.close()).catch(() => undefined);
    },
  };
}

/** One try, with the faults that somebody asked for around it. */
async function faulty(request: AgentRequest, attempt: () => Promise<CallResult>): Promise<CallResult> {
  const lost: CallResult = { kind: 'unknown', why: 'the message was dropped by a failpoint' };
  if (failpoint(`call.${request.verb}.before`) === 'drop') return lost;
  const result = await attempt();
  return failpoint(`call.${request.verb}.after`) === 'drop' ? lost : result;
}

function stdinOf(request: AgentRequest, options: CallOptions): Buffer | Readable {
  const header = Buffer.from(request.header);
  if (options.payload !== undefined)
    return Readable.from(joined(header, options.payload()), { objectMode: false });
  if (request.payload !== 'none' && 'entries' in request.payload)
    return Readable.from(joined(header, packTar(request.payload.entries)), { objectMode: false });
  return header;
}

async function* joined(header: Buffer, payload: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield header;
  yield* payload;
}

function interpret(result: RunResult, lines: readonly string[], opId: string): CallResult | 'install' {
  switch (result.kind) {
    case 'never-started':
      return { kind: 'unknown', why: result.why };
    case 'unknown':
      return { kind: 'unknown', why: result.why };
    case 'signaled':
      return { kind: 'unknown', why: `the agent was ended by ${result.signal}` };
    case 'exited': {
      const reply = parseReply(lines, opId);
      if (reply.kind === 'ok') return { kind: 'ok', lines: reply.lines };
      if (reply.kind === 'error')
        return reply.code === 'agent-mismatch' ? 'install' : { ...reply, lines: lines.slice(0, -1) };
      if (result.code === NOT_FOUND_EXIT && /\bsudo: (command )?not found/.test(result.stderr))
        return { kind: 'error', code: 'no-agent', message: NO_SUDO, lines };
      if (result.code === NOT_FOUND_EXIT || UNREAD.test(lines[0] ?? '')) return 'install';
      // sudo's own way to say that the agent is not there.
      if (result.code === 1 && lines.length === 0 && /command not found/.test(result.stderr))
        return 'install';
      const words = result.stderr.trim().split('\n').at(-1) ?? '';
      if (lines.length === 0 && words !== '')
        return { kind: 'error', code: 'no-agent', message: words, lines };
      return {
        kind: 'unknown',
        why: `the agent ended with ${result.code} and no trailer${words === '' ? '' : `: ${words}`}`,
      };
    }
  }
}

const NO_SUDO = 'sudo is not installed there, and the login is not root: install it, or log in as root';

/** Undefined when it went well. */
async function install(host: HostName, session: Session): Promise<CallResult | undefined> {
  const result = await session.run('install-agent', {
    stdin: Buffer.from(agentScript().text),
    deadlineMs: INSTALL_DEADLINE_MS,
  });
  if (result.kind === 'exited' && result.code === 0) return undefined;
  if (result.kind !== 'exited')
    return { kind: 'unknown', why: 'contact was lost while the agent was installed' };
  // A login with a forced command runs the agent whatever it is told to run, and that took the script for a request.
  if (isTrailer(result.stdout)) {
    const fix = `somebody who is root there has to: pdeploy hosts bootstrap -l ${host}`;
    const message = `it has not the agent of this version of pdeploy, and this login cannot install it; ${fix}`;
    return { kind: 'error', code: 'agent-mismatch', message, lines: [] };
  }
  const words = result.stderr.trim().split('\n').at(-1) ?? '';
  const message = `the agent could not be installed: ${words === '' ? `exit ${result.code}` : words}`;
  return { kind: 'error', code: 'no-agent', message, lines: [] };
}
