import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Link } from './link.ts';
import { LinkFailure } from './link-failure.ts';
import { printable } from './printable.ts';
import { stopWhen } from './stopper.ts';

/** Node gives an address 250 ms before it tries the next one; a far host needs longer. */
const PER_ADDRESS_MS = 2_000;

/** A socket on its way to the address. Without noDelay a handshake takes twice as long. */
export function dial(address: string, port: number): Duplex {
  const socket = connect({
    host: address,
    port,
    noDelay: true,
    autoSelectFamilyAttemptTimeout: PER_ADDRESS_MS,
  });
  socket.on('error', () => undefined);
  return socket;
}

/** A stream to the address as seen from a jump host. Rejects with LinkFailure. */
export function tunnel(
  through: Link,
  address: string,
  port: number,
  timeoutMs: number,
  abort: AbortSignal | undefined,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const stopper = stopWhen({ deadlineMs: timeoutMs, late: 'it did not answer', abort, lost: through.lost });
    const fail = (failure: LinkFailure): void => {
      stopper.release();
      reject(failure);
    };
    stopper.signal.addEventListener('abort', () => {
      fail(new LinkFailure(abort?.aborted === true ? 'aborted' : 'timeout', stopper.why()));
    });
    const opened = (error: Error | undefined, channel: Duplex): void => {
      if (error) {
        fail(new LinkFailure('refused', `the jump host cannot reach it: ${printable(error.message)}`));
        return;
      }
      channel.on('error', () => undefined);
      if (stopper.signal.aborted) {
        channel.destroy();
        return;
      }
      stopper.release();
      resolve(channel);
    };
    try {
      through.client.forwardOut('127.0.0.1', 0, address, port, opened);
    } catch {
      fail(new LinkFailure('reset-before-auth', 'the jump host has gone', true));
    }
  });
}
