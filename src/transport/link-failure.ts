import type { ConnectFailure } from '../errors.ts';
import { printable } from './printable.ts';

/** How far a connection got: reaching the address, agreeing on keys, logging in. */
export type Phase = 'dial' | 'handshake' | 'auth';

/** Why a connection was not made, before it is known on whose behalf. */
export class LinkFailure extends Error {
  readonly failure: ConnectFailure;
  /** Nothing was tried yet that a server counts against us, so another attempt may do. */
  readonly retry: boolean;

  constructor(failure: ConnectFailure, why: string, retry = false, cause?: unknown) {
    super(why, { cause });
    this.name = 'LinkFailure';
    this.failure = failure;
    this.retry = retry;
  }
}

type Raw = Error & { readonly code?: unknown; readonly level?: string };

const DIAL: ReadonlyMap<unknown, readonly [ConnectFailure, string]> = new Map([
  ['ENOTFOUND', ['dns', 'the name has no address']],
  ['EAI_AGAIN', ['dns', 'the name server does not answer']],
  ['ECONNREFUSED', ['refused', 'nothing listens on that port (connection refused)']],
  ['EHOSTUNREACH', ['refused', 'there is no route to it']],
  ['ENETUNREACH', ['refused', 'there is no route to its network']],
  ['EACCES', ['refused', 'this machine does not allow the connection']],
  ['ETIMEDOUT', ['timeout', 'it does not answer']],
]);

const LOST = new Set<unknown>(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT']);
const TOO_MANY_CONNECTIONS = 12;

export const NO_COMMON_HOST_KEY = 'no matching host key format';

/** `error` is what ssh2 reported; `undefined` when the connection just closed. */
export function linkFailure(phase: Phase, error: Error | undefined): LinkFailure {
  const raw = error as Raw | undefined;
  const words = printable(raw?.message ?? '');
  const lost = raw === undefined || LOST.has(raw.code) || /^Connection lost/.test(words);
  switch (phase) {
    case 'dial': {
      const [failure, why] = DIAL.get(raw?.code) ?? [
        'reset-before-auth',
        `the connection was not made${tail(words)}`,
      ];
      return new LinkFailure(failure, why, failure === 'reset-before-auth', error);
    }
    case 'handshake': {
      if (lost)
        return new LinkFailure('reset-before-auth', 'it closed the connection before the login', true, error);
      if (raw.code === TOO_MANY_CONNECTIONS) return new LinkFailure('reset-before-auth', words, true, error);
      // ssh2 loses part of an identification that arrives in three or more pieces.
      const mangled = /^Invalid identification/.test(words);
      return new LinkFailure(
        'protocol',
        `no SSH connection could be agreed on${tail(words)}`,
        mangled,
        error,
      );
    }
    case 'auth':
      return new LinkFailure(
        'auth',
        lost ? 'it closed the connection during the login' : words,
        false,
        error,
      );
  }
}

export function lateFailure(phase: Phase, ms: number): LinkFailure {
  const what = {
    dial: 'it does not answer',
    handshake: 'it answers, but not as SSH does',
    auth: 'the login did not end',
  };
  return new LinkFailure('timeout', `${what[phase]} (waited ${Math.round(ms / 100) / 10} s)`);
}

/** ssh2 also reports as errors what only concerns one key, and goes on to the next. */
export function concernsOneKey(error: Error): boolean {
  const { level, message } = error as Raw;
  return level === 'agent' || (level === 'client-authentication' && /^Error /.test(message));
}

function tail(words: string): string {
  return words === '' ? '' : `: ${words}`;
}
