import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** How a connection goes: reset, closed in order, or nothing moves any more and nobody is told. */
export type Cut = 'rst' | 'fin' | 'blackhole';

export type Proxy = {
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Does it to all connections there are. */
  cut(kind: Cut): void;
  close(): Promise<void>;
};

type Pair = { readonly near: Socket; readonly far: Socket };

/** A TCP proxy on loopback that can lose its connections in the ways networks do. */
export async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<Pair>();
  let accepted = 0;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    accepted += 1;
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    const pair = { near, far };
    pairs.add(pair);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.pipe(to);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    cut: (kind) => {
      for (const pair of pairs) cutPair(pair, kind);
    },
    close: async () => {
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}

function cutPair({ near, far }: Pair, kind: Cut): void {
  near.unpipe();
  far.unpipe();
  switch (kind) {
    case 'rst':
      near.resetAndDestroy();
      break;
    case 'fin':
      near.end();
      near.resume();
      break;
    case 'blackhole':
      near.pause();
      far.pause();
  }
}
