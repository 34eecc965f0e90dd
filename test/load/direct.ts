import { startHttp2 } from './http2-load.ts';
import { startGets } from './own-client.ts';
import type { Load } from './seen.ts';
import { startWebSockets } from './websocket-load.ts';

/** Without a balancer in between: what one process passes on to the next one is all that there is. */
export function directLoads(
  address: string,
  port: number,
  tlsPort: number,
  graceMs: number,
): readonly Load[] {
  const http = `http://${address}:${port}/`;
  const webSockets = { sessions: 3, everyMs: 50, graceMs, proof: 'next process' } as const;
  return [
    startGets(http, { client: 'HTTP/1.1, kept connections', lines: 6, delayMs: 0, repeats: 2 }),
    startGets(http, { client: 'HTTP/1.1, new connections', lines: 3, delayMs: 0, kept: false, repeats: 2 }),
    startHttp2(`https://${address}:${tlsPort}/`, {
      client: 'HTTP/2',
      connections: 3,
      streams: 2,
      delayMs: 0,
    }),
    startWebSockets(`ws://${address}:${port}/`, {
      ...webSockets,
      client: 'WebSockets of 1 s',
      lifeMs: 1_000,
    }),
    startWebSockets(`ws://${address}:${port}/`, { ...webSockets, client: 'WebSockets that stay' }),
  ];
}
