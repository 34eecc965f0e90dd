import { startHttp2 } from './http2-load.ts';
import { startGets, startSlow, startUploads } from './own-client.ts';
import { startH2load, startWrk } from './programs.ts';
import type { Load } from './seen.ts';
import { startWebSockets } from './websocket-load.ts';

/** Where the load goes: one balancer that stays while what is behind it changes. */
export type Balancer = {
  /** host:port of HTTP/1.1. */
  readonly http: string;
  /** HTTP/2 without TLS, by prior knowledge, which the balancer ends. */
  readonly h2: string;
  /** Both of these it passes on as they come, so that the service itself speaks HTTP/2 and WebSocket with the client. */
  readonly tls: string;
  readonly tcp: string;
};

export type Amount = {
  /** About so many requests a second in all. */
  readonly rate: number;
  /** What a process that ends gives to what is in flight. */
  readonly graceMs: number;
  /** WebSockets that stay open also where the balancer waits for them. */
  readonly stay: boolean;
};

const DELAY_MS = 10;

/** Half on kept connections, an eighth on new ones, an eighth by HTTP/2, the rest by clients that write down releases. */
export function balancedLoads(to: Balancer, { rate, graceMs, stay }: Amount): readonly Load[] {
  const lines = (share: number): number => Math.max(1, Math.round((rate * share * (DELAY_MS + 3)) / 1_000));
  const webSockets = { sessions: 3, everyMs: 50, graceMs, proof: 'first release' } as const;
  return [
    startWrk(`http://${to.http}/`, { connections: lines(0.55), delayMs: DELAY_MS, kept: true }),
    startWrk(`http://${to.http}/`, { connections: lines(0.125), delayMs: DELAY_MS, kept: false }),
    startH2load(`http://${to.h2}/`, rate * 0.125),
    startHttp2(`https://${to.tls}/`, {
      client: 'HTTP/2 to Pingora',
      connections: 3,
      streams: 2,
      delayMs: 20,
    }),
    startWebSockets(`ws://${to.http}/`, { ...webSockets, client: 'WebSockets of 1 s', lifeMs: 1_000 }),
    startWebSockets(`ws://${to.tcp}/`, { ...webSockets, client: 'WebSockets that stay' }),
    ...(stay
      ? [startWebSockets(`ws://${to.http}/`, { ...webSockets, client: 'WebSockets that stay, waited for' })]
      : []),
    startGets(`http://${to.http}/`, { client: 'release by time', lines: lines(0.2), delayMs: DELAY_MS }),
    startUploads(`http://${to.http}/`),
    startSlow(`http://${to.http}/slow`, 3),
  ];
}
