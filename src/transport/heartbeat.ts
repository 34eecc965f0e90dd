import type { Duplex } from 'node:stream';

export type Keepalive = { readonly intervalMs: number; readonly countMax: number };

/**
 * Calls `silent` once no byte has arrived for `countMax` intervals and a bit. ssh2 sends a ping each interval, but
 * counts only the answers to those; behind a slow upload they queue, and it would give up a live connection.
 * Ticks are counted instead of time, so that a suspended laptop does not wake up to dead connections.
 */
export function watchSilence(socket: Duplex, keepalive: Keepalive, silent: () => void): () => void {
  let heard = true;
  let quiet = 0;
  const onData = (): void => {
    heard = true;
  };
  const timer = setInterval(() => {
    quiet = heard ? 0 : quiet + 1;
    heard = false;
    if (quiet < keepalive.countMax) return;
    stop();
    silent();
  }, keepalive.intervalMs);
  const stop = (): void => {
    clearInterval(timer);
    socket.off('data', onData);
  };
  socket.on('data', onData);
  return stop;
}
