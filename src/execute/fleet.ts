import pLimit from 'p-limit';
import type { Host, HostName } from '../model/host.ts';
import type { Transport } from '../transport/port.ts';
import { type HostLink, openLink } from './host-link.ts';

/** The hosts of one command: a link to each, opened early and kept. */
export type Fleet = {
  readonly hosts: readonly Host[];
  /** Of a host beside the fleet too, such as a balancer: connected when it is first asked. */
  link(host: HostName): HostLink;
  /** Runs a job for every host, at most `forks` at once; results in the order of the hosts. */
  each<T>(job: (link: HostLink) => Promise<T>): Promise<readonly T[]>;
  close(): Promise<void>;
};

export function openFleet(
  hosts: readonly Host[],
  transport: Transport,
  forks: number,
  abort: AbortSignal,
  beside: ReadonlyMap<HostName, Host> = new Map(),
): Fleet {
  const links = new Map(hosts.map((host) => [host.name, openLink(host, transport, abort)]));
  const others = new Map<HostName, HostLink>();
  const limit = pLimit(Math.max(1, forks));
  return {
    hosts,
    link: (name) => {
      const known = links.get(name) ?? others.get(name);
      if (known !== undefined) return known;
      const host = beside.get(name);
      if (host === undefined) throw new Error(`no link to ${name}`);
      const link = openLink(host, transport, abort);
      others.set(name, link);
      return link;
    },
    each: (job) => limit.map([...links.values()], (link) => job(link)),
    close: async () => {
      await Promise.all([...links.values(), ...others.values()].map((l) => l.close()));
      await transport.close();
    },
  };
}
