import type { Client, ClientChannel } from 'ssh2';
import { runningOn } from './link.ts';
import { printable } from './printable.ts';
import { ALLOWED, converse, type Outcome, REFUSED, unclear, WISH_MS, type Wish } from './wish.ts';

/** SSH_OPEN_CONNECT_FAILED (RFC 4254, 5.1): the host tried, so it would have let it. */
const CONNECT_FAILED = 2;

type Told = (error: (Error & { readonly reason?: unknown }) | undefined, got?: unknown) => void;

/** Tries one wish over a connection of ssh2. Never rejects. */
export async function tryBySsh2(client: Client, wish: Wish): Promise<Outcome> {
  const asked = await ask((told) => request(client, wish, told));
  if (asked.kind === 'late') return unclear(`no answer within ${WISH_MS / 1_000} s`);
  if (asked.kind === 'lost') return unclear(printable(asked.error.message));
  if (asked.kind === 'refused') {
    if (wish.how === 'forward') return asked.error.reason === CONNECT_FAILED ? ALLOWED : REFUSED;
    // It was not the wish that was refused, but a session to ask for it.
    const unasked = /Channel open failure/.test(asked.error.message);
    return unasked ? unclear(printable(asked.error.message)) : REFUSED;
  }
  switch (wish.how) {
    case 'forward':
    case 'terminal':
      (asked.got as ClientChannel).destroy();
      return ALLOWED;
    case 'reverse':
      return ALLOWED;
    case 'command':
      return await converse(runningOn(asked.got as ClientChannel), '', wish.proof);
    default:
      return await converse(runningOn(asked.got as ClientChannel), wish.input, wish.proof);
  }
}

function request(client: Client, wish: Wish, told: Told): void {
  switch (wish.how) {
    case 'command':
      client.exec(wish.command, told);
      return;
    case 'terminal':
      client.exec(wish.command, { pty: true }, told);
      return;
    case 'shell':
      client.shell(false, told);
      return;
    case 'subsystem':
      client.subsys(wish.subsystem, told);
      return;
    case 'forward':
      client.forwardOut('127.0.0.1', 0, '127.0.0.1', wish.port, told);
      return;
    case 'reverse':
      client.forwardIn('127.0.0.1', 0, told);
  }
}

type Asked =
  | { readonly kind: 'granted'; readonly got: unknown }
  | { readonly kind: 'refused'; readonly error: Error & { readonly reason?: unknown } }
  | { readonly kind: 'lost'; readonly error: Error }
  | { readonly kind: 'late' };

function ask(start: (told: Told) => void): Promise<Asked> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'late' }), WISH_MS);
    const finish = (asked: Asked): void => {
      clearTimeout(timer);
      resolve(asked);
    };
    try {
      start((error, got) => {
        if (!error) finish({ kind: 'granted', got });
        // ssh2 says the same of a connection that has ended (client.js, onExit of each request).
        else if (/No response from server|Not connected/.test(error.message)) finish({ kind: 'lost', error });
        else finish({ kind: 'refused', error });
      });
    } catch (error) {
      finish({ kind: 'lost', error: error as Error });
    }
  });
}
