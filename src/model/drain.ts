import type { Secret } from '../util/secret.ts';

/** How one instance is taken out of traffic before it is touched. All waits in milliseconds. */
export type Drain =
  | {
      readonly kind: 'haproxy';
      /** Hosts of the inventory, or groups of them. */
      readonly balancers: readonly string[];
      readonly backend: string;
      readonly server: string;
      /** Absolute path of the runtime socket on the balancers; must be of level admin. */
      readonly socket: string;
      readonly waitMs: number;
    }
  /** An empty file on the instance's own host, at which the service says that it is not ready. */
  | { readonly kind: 'file'; readonly path: string; readonly waitMs: number }
  /** Requests that the controller makes. */
  | {
      readonly kind: 'http';
      readonly drain: string;
      readonly undrain: string;
      readonly method: string;
      readonly headers: { readonly [name: string]: string | Secret };
      readonly waitMs: number;
    }
  /** A program on the controller, told what to do on its standard input. It waits by itself. */
  | { readonly kind: 'exec'; readonly argv: readonly string[]; readonly waitMs: number };

export type DrainKind = Drain['kind'];

/** As people see it: `haproxy lb-1, lb-2`, `file /run/edge/1.drain`. No secret is part of it. */
export function drainName(drain: Drain): string {
  switch (drain.kind) {
    case 'haproxy':
      return `haproxy ${drain.balancers.join(', ')}`;
    case 'file':
      return `file ${drain.path}`;
    case 'http':
      return `http ${hostOf(drain.drain)}`;
    case 'exec':
      return `exec ${drain.argv[0]?.split('/').at(-1) ?? ''}`;
  }
}

/** Without path and query: they may hold what is nobody's business. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}
