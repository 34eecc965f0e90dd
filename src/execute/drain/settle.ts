import { randomBytes } from 'node:crypto';
import { decodeUndrained, settleDrainsRequest } from '../../host/verbs/drain.ts';
import type { HostName } from '../../model/host.ts';
import type { Fleet } from '../fleet.ts';
import { describe } from '../lease.ts';
import type { FleetDrains } from './preflight.ts';

/** `back`: what deployments had left out of traffic, as `edge/edge-01-1` or the path of a file. */
export type SettledDrains = {
  readonly host: HostName;
  readonly back: readonly string[];
  readonly failed: string | undefined;
};

const DEADLINE_MS = 60_000;

/** Brings back on balancers and hosts what they have noted as out. Nobody may be deploying the service meanwhile. */
export async function settleDrains(
  fleet: Fleet,
  service: string,
  drains: FleetDrains,
): Promise<readonly SettledDrains[]> {
  const hosts = new Set<HostName>();
  for (const [host, instances] of drains) {
    for (const drain of [...instances.values()].flat()) {
      if (drain.kind === 'haproxy') for (const balancer of drain.balancers) hosts.add(balancer);
      if (drain.kind === 'file') hosts.add(host);
    }
  }
  return await Promise.all(
    [...hosts].map(async (host) => {
      const request = settleDrainsRequest(`undrain-${randomBytes(6).toString('hex')}`, service);
      const result = await fleet.link(host).call(request, { deadlineMs: DEADLINE_MS });
      const lines = result.kind === 'ok' || result.kind === 'error' ? result.lines : [];
      return {
        host,
        back: decodeUndrained(lines),
        failed: result.kind === 'ok' ? undefined : describe(result),
      };
    }),
  );
}
