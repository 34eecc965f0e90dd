import type { Host } from './host.ts';

/** As the balancer knows a server. */
export type Server = {
  /** It gets no new requests. */
  drained: boolean;
  /** When its last request has been answered, virtual time. */
  idleAt: number;
  /** What the balancer's own check says of it. */
  readonly answers: () => boolean;
};

/** Longest time that a request takes, milliseconds. */
const REQUEST_MS = 3_000;

/** The servers of an HAProxy on this host. What was set at run time is gone when it starts anew. */
export class Haproxy {
  readonly servers = new Map<string, Server>();
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  add(name: string, answers: () => boolean): void {
    this.servers.set(name, { drained: false, idleAt: 0, answers });
  }

  set(server: Server, drained: boolean): void {
    const { clock, random, changed } = this.#host.world;
    if (drained && !server.drained) server.idleAt = clock.now + random.below(REQUEST_MS);
    server.drained = drained;
    changed(this.#host);
  }

  /** Requests there. */
  inFlight(server: Server): number {
    return server.drained && server.idleAt <= this.#host.world.clock.now ? 0 : 1;
  }

  off(): void {
    for (const server of this.servers.values()) server.drained = false;
  }
}
