/**
 * How it is seen that an instance serves clients through what balances it: new connections from the controller, which are
 * spread over all instances, until one reached this instance. Times in milliseconds.
 */
export type Through = {
  /** What clients ask: http or https. */
  readonly url: string;
  /** Hosts of the inventory, or groups of them, each of which is asked; empty: what the name in the URL leads to. */
  readonly balancers: readonly string[];
  /** Sent with each request. */
  readonly headers: { readonly [name: string]: string };
  /** Header, or dotted JSON path (`json:instance`), that tells which instance answered, and what it says of this one. */
  readonly instance: { readonly in: string; readonly is: string };
  /** The same for the release. */
  readonly release: string;
  /** The same for the process id: it must be that of the main process. */
  readonly pid?: string;
  readonly status: readonly number[];
  /** Good answers of the instance that it takes, from each balancer. */
  readonly times: number;
  /** By when. */
  readonly withinMs: number;
  /** Of one request. */
  readonly timeoutMs: number;
};

/** Whom to connect to. */
export type Front = { readonly name: string; readonly address: string; readonly port: number };

/** The same with every balancer by its address. */
export type ThroughFronts = Through & { readonly fronts: readonly Front[] };

/** The port of an http or https URL. */
export function portOfUrl(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** Without the brackets of an IPv6 address. */
export function hostOfUrl(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

/** Without the query, which is nobody's business. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
