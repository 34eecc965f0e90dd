import type { Host } from './host.ts';

/** As the balancer knows a server. */
export type Server = {
  /** It gets no new requests. */
  drained: boolean;
  /** When its last request has been answered, virtual time. */
  idleAt: number;
  /** Whether the instance serves. */
  readonly answers: () => boolean;
  /** When the balancer's own checks have seen that, virtual time. */
  seenAt: number;
};

/** Longest time that a request takes, milliseconds. */
const REQUEST_MS = 3_000;
/** Longest time that checks take to see a server up again, milliseconds. */
const CHECKS_MS = 2_000;

/** The servers of an HAProxy on this host. What was set at run time is gone when it starts anew. */
export class Haproxy {
  readonly servers = new Map<string, Server>();
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  add(name: string, answers: () => boolean): void {
    this.servers.set(name, { drained: false, idleAt: 0, answers, seenAt: 0 });
  }

  set(server: Server, drained: boolean): void {
    const { clock, random, changed } = this.#host.world;
    if (drained && !server.drained) server.idleAt = clock.now + random.below(REQUEST_MS);
    if (!drained && server.drained) server.seenAt = clock.now + random.below(CHECKS_MS);
    server.drained = drained;
    changed(this.#host);
  }

  isUp(server: Server): boolean {
    return server.answers() && server.seenAt <= this.#host.world.clock.now;
  }

  /** Requests there. */
  inFlight(server: Server): number {
    return server.drained && server.idleAt <= this.#host.world.clock.now ? 0 : 1;
  }

  off(): void {
    for (const server of this.servers.values()) server.drained = false;
  }
}
