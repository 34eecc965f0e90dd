import { randomBytes } from 'node:crypto';
import { decodeSettled, type Settled, settleRequest } from '../host/verbs/settle.ts';
import type { HostName } from '../model/host.ts';
import type { Fleet } from './fleet.ts';
import { acquireLeases, describe } from './lease.ts';
import { lockStatus } from './locks.ts';

/** What came of one host. `failed`: it may still have something open, `why` says what. */
export type SettledHost = { readonly host: HostName } & (
  | ({ readonly kind: 'settled'; readonly freed: string | undefined } & Settled)
  | { readonly kind: 'failed'; readonly why: string }
);

export type SettleInput = {
  readonly fleet: Fleet;
  readonly service: string;
  readonly holder: string;
  /** Whether a deployment is one of ours whose controller is gone: its lease need not end by itself first. */
  readonly isAbandoned: (deployment: string) => boolean;
  /** What else is to be done before anybody else may deploy. */
  readonly whileHeld: () => Promise<void>;
};

const DEADLINE_MS = 120_000;

/**
 * Ends on every host what deployments have left there that nobody goes on with, by the host's own records alone.
 * Committed instances stay on the new release, all others are on the old one afterwards.
 * @throws RefusedError PD3201 when a deployment or a person holds the lease of a host
 */
export async function settleFleet(input: SettleInput): Promise<readonly SettledHost[]> {
  const { fleet, service, holder } = input;
  const locks = new Map((await lockStatus(fleet, service)).map((lock) => [lock.host, lock]));
  const deployment = `settle-${randomBytes(4).toString('hex')}`;
  const leases = await acquireLeases({
    fleet,
    service,
    deployment,
    holder,
    hosts: fleet.hosts.map((host) => host.name),
    mayMiss: true,
    isOver: input.isAbandoned,
    onAcquired: () => undefined,
    onLost: () => undefined,
  });
  try {
    const settled = await fleet.each(async (link): Promise<SettledHost> => {
      const host = link.host.name;
      const epoch = leases.epoch(host);
      if (epoch === 0)
        return { host, kind: 'failed', why: locks.get(host)?.why || 'it did not give its lease' };
      const request = settleRequest({ opId: `${deployment}-settle`, service, epoch, deployment });
      const result = await link.call(request, { deadlineMs: DEADLINE_MS });
      if (result.kind === 'ok')
        return {
          host,
          kind: 'settled',
          freed: locks.get(host)?.lease?.deployment,
          ...decodeSettled(result.lines),
        };
      return { host, kind: 'failed', why: describe(result) };
    });
    await input.whileHeld();
    return settled;
  } finally {
    leases.stop();
    await leases.release(fleet.hosts.map((host) => host.name));
  }
}
