import { randomBytes } from 'node:crypto';
import { RefusedError } from '../errors.ts';
import { decodeLeaseReply, leaseRequest } from '../host/verbs/lease.ts';
import type { LeaseObservation } from '../model/facts.ts';
import type { HostName } from '../model/host.ts';
import type { Fleet } from './fleet.ts';
import { describe, replyOf } from './lease.ts';
import { observeHost } from './observe.ts';

export type HostLock = {
  readonly host: HostName;
  readonly lease: LeaseObservation | undefined;
  readonly why: string;
};

const DEADLINE_MS = 10_000;
const NO_TTL_S = 86_400;

/** Who holds the lease of a service on each host. */
export function lockStatus(fleet: Fleet, service: string): Promise<readonly HostLock[]> {
  return fleet.each(async (link) => {
    const look = await observeHost(link, { service, instances: [], queries: [] });
    if (look.kind === 'unreachable') return { host: link.host.name, lease: undefined, why: look.why };
    return { host: link.host.name, lease: look.observation.lease, why: '' };
  });
}

/** A person's lock on every host, with a reason. It does not expire. @throws RefusedError when any host refuses; then none is locked */
export async function lockAcquire(
  fleet: Fleet,
  service: string,
  holder: string,
  reason: string,
): Promise<void> {
  const deployment = `lock-${randomBytes(4).toString('hex')}`;
  const taken: { host: HostName; epoch: number }[] = [];
  for (const host of [...fleet.hosts].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const request = leaseRequest({
      opId: deployment,
      action: 'acquire',
      service,
      deployment,
      holder,
      ttlSeconds: NO_TTL_S,
      manual: true,
      reason,
    });
    const result = await fleet.link(host.name).call(request, { deadlineMs: DEADLINE_MS });
    const reply = replyOf(result);
    const answer = reply === undefined ? undefined : decodeLeaseReply(reply);
    if (answer?.kind === 'granted') {
      taken.push({ host: host.name, epoch: answer.epoch });
      continue;
    }
    for (const { host: name, epoch } of taken)
      await fleet
        .link(name)
        .call(leaseRequest({ opId: deployment, action: 'release', service, deployment, epoch }), {
          deadlineMs: DEADLINE_MS,
        });
    const why =
      answer?.kind === 'held'
        ? `${answer.lease.holder} holds it for ${answer.lease.deployment}`
        : describe(result);
    throw new RefusedError('PD3201', `the lease of ${service} on ${host.name} is not free: ${why}`, {
      hint: 'nothing is locked now',
    });
  }
}

/** Frees the lease on every host whoever holds it, provided that it is still the one that was seen. */
export async function lockRelease(
  fleet: Fleet,
  service: string,
  holder: string,
): Promise<readonly HostName[]> {
  const locks = await lockStatus(fleet, service);
  const freed: HostName[] = [];
  for (const { host, lease } of locks) {
    if (lease === undefined) continue;
    const deployment = `unlock-${randomBytes(4).toString('hex')}`;
    const link = fleet.link(host);
    const over = await link.call(
      leaseRequest({
        opId: deployment,
        action: 'takeover',
        service,
        deployment,
        holder,
        ttlSeconds: 30,
        manual: false,
        reason: '',
        seenEpoch: lease.epoch,
      }),
      { deadlineMs: DEADLINE_MS },
    );
    const reply = replyOf(over);
    const answer = reply === undefined ? undefined : decodeLeaseReply(reply);
    if (answer?.kind !== 'granted')
      throw new RefusedError('PD3203', `the lease on ${host} has moved since: ${describe(over)}`, {
        hint: 'pdeploy lock status',
      });
    await link.call(
      leaseRequest({ opId: deployment, action: 'release', service, deployment, epoch: answer.epoch }),
      { deadlineMs: DEADLINE_MS },
    );
    freed.push(host);
  }
  return freed;
}
