import type { SharedLab } from '../shared-labs.ts';

export type FleetOptions = {
  readonly hosts: number;
  readonly instances?: number;
  /** In place of the usual ports of the first instance. */
  readonly ports?: { readonly [name: string]: number };
  /** The last host is no part of the service: it is the group `lb`. */
  readonly balancer?: boolean;
  /** Further keys of a host in the inventory, by its index. */
  readonly host?: (index: number) => { readonly [key: string]: unknown };
};

/** An inventory of one service on some hosts of the lab, in two zones. JSON is YAML too. */
export function hostsInventory(all: SharedLab, hosts: SharedLab['hosts'], options: FleetOptions): string {
  const ports = (i: number): object => ({
    port: 6188 + 10 * i,
    admin_port: 6190 + 10 * i,
    metrics_port: 6192 + 10 * i,
    https_port: 6194 + 10 * i,
    ...options.ports,
  });
  const instances = Array.from({ length: options.instances ?? 1 }, (_, i) => [String(i + 1), ports(i)]);
  const entries = hosts.map((h, i) => [
    h.name,
    { address: h.address, zone: i % 2 === 0 ? 'a' : 'b', region: 'lab', ...options.host?.(i) },
  ]);
  const serving = options.balancer === true ? hosts.slice(0, -1) : hosts;
  return JSON.stringify(
    {
      defaults: { user: 'root', identity: all.key, known_hosts: all.knownHosts },
      vars: { binary: all.reference.binary, flavour: all.reference.flavour, grace_seconds: 0 },
      groups: {
        edge: { hosts: serving.map((h) => h.name) },
        ...(serving.length < hosts.length ? { lb: { hosts: [hosts.at(-1)?.name] } } : {}),
      },
      hosts: Object.fromEntries(entries),
      services: { edge: { on: 'edge', instances: Object.fromEntries(instances) } },
    },
    null,
    2,
  );
}
