import type { Connector } from './connector.ts';
import type { Endpoint } from './endpoint.ts';
import type { Link } from './link.ts';

type Want = {
  /** The host of the inventory on whose behalf this is. */
  readonly host: string;
  readonly hops: readonly Endpoint[];
  readonly timeoutMs: number;
};

/** Connections to jump hosts, one each, shared by all hosts behind them. */
export type Bastions = {
  /** The last of the hops; `undefined` when there are none. Rejects with ConnectError. */
  through(want: Want): Promise<Link | undefined>;
  close(): Promise<void>;
};

export function createBastions(connector: Connector): Bastions {
  const links = new Map<string, Promise<Link>>();

  const through = async ({ host, hops, timeoutMs }: Want): Promise<Link | undefined> => {
    const at = hops.at(-1);
    if (at === undefined) return undefined;
    const key = JSON.stringify(hops);
    const open = links.get(key);
    if (open !== undefined) return await open;
    // Shared: one host that is given up must not take it away from the others, hence no signal.
    const opening = through({ host, hops: hops.slice(0, -1), timeoutMs }).then((via) =>
      connector.connect({ host, at, via, timeoutMs, signal: undefined }),
    );
    links.set(key, opening);
    const forget = (): void => {
      if (links.get(key) === opening) links.delete(key);
    };
    opening.then((link) => link.dead.then(forget), forget);
    return await opening;
  };

  return {
    through,
    close: async () => {
      const open = [...links.values()].reverse();
      links.clear();
      await Promise.all(open.map((link) => link.then((l) => l.end('closed')).catch(() => undefined)));
    },
  };
}
