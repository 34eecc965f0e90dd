import { RefusedError } from '../errors.ts';
import { decodeLeaseReply, leaseRequest } from '../host/verbs/lease.ts';
import type { LeaseObservation, Observation } from '../model/facts.ts';
import type { HostName } from '../model/host.ts';
import type { Fleet } from './fleet.ts';
import type { CallResult, HostLink } from './host-link.ts';

export const LEASE_TTL_S = 120;
const RENEW_EVERY_MS = 30_000;
const DEADLINE_MS = 10_000;

export type Leases = {
  epoch(host: HostName): number;
  /** Adds a host that did not answer before. Rejects with RefusedError. */
  acquire(host: HostName): Promise<void>;
  /** Before `finish`: a renewal that comes after it would find the lease gone, and take it for lost. */
  renewNoMore(host: HostName): void;
  /** Stops renewing; `finish` releases the leases themselves. */
  stop(): void;
  release(hosts: Iterable<HostName>): Promise<void>;
};

/** What an observation says of a lease: its newest epoch, and who has it. */
export type SeenLease = Pick<Observation, 'epoch' | 'lease'>;

type Input = {
  readonly fleet: Fleet;
  readonly service: string;
  readonly deployment: string;
  readonly holder: string;
  readonly hosts: readonly HostName[];
  /** Go on without the lease of a host that does not answer; preparing the host asks for it again. */
  readonly mayMiss: boolean;
  /** Whether the lease of a deployment may be taken over: it is over, and its controller is gone. */
  readonly isOver: (deployment: string) => boolean;
  /** How it was when the plan was made. Whoever had a lease since has changed the host: what the plan speaks of is gone. */
  readonly seen?: ReadonlyMap<HostName, SeenLease>;
  readonly onLost: (host: HostName, holder: string) => void;
  readonly onAcquired: (host: HostName, epoch: number) => void;
};

const NO_ANSWER = 'PD3202';

/**
 * Takes the lease of the service on every host or on none. The first host in sorted order decides between two
 * operators, so that exactly one of them wins.
 * @throws RefusedError PD3201 held by somebody else, PD3202 a host did not answer
 */
export async function acquireLeases(input: Input): Promise<Leases> {
  const epochs = new Map<HostName, number>();
  const sorted = [...input.hosts].sort((a, b) => (a < b ? -1 : 1));
  for (const host of sorted) {
    const lease = input.seen?.get(host)?.lease;
    if (lease !== undefined && lease.deployment !== input.deployment && !input.isOver(lease.deployment))
      throw heldBy(input.service, host, lease);
  }
  const take = async (host: HostName): Promise<void> => {
    const epoch = await acquireOne(input, host);
    epochs.set(host, epoch);
    input.onAcquired(host, epoch);
  };
  const takeOrMiss = async (host: HostName): Promise<void> => {
    try {
      await take(host);
    } catch (error) {
      if (!input.mayMiss || !isNoAnswer(error)) throw error;
    }
  };
  const [first, ...rest] = sorted;
  try {
    if (first !== undefined) await takeOrMiss(first);
    const taken = await Promise.allSettled(rest.map(takeOrMiss));
    const failed = taken.find((r) => r.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  } catch (error) {
    await releaseAll(input, epochs);
    throw error;
  }
  const ending = new Set<HostName>();
  const onLost: Input['onLost'] = (host, holder) => {
    if (!ending.has(host)) input.onLost(host, holder);
  };
  const timer = setInterval(() => {
    for (const [host, epoch] of epochs) if (!ending.has(host)) void renew({ ...input, onLost }, host, epoch);
  }, RENEW_EVERY_MS);
  return {
    epoch: (host) => epochs.get(host) ?? 0,
    acquire: take,
    renewNoMore: (host) => ending.add(host),
    stop: () => clearInterval(timer),
    release: async (hosts) => {
      const wanted = new Map(
        [...hosts].flatMap((h) => (epochs.has(h) ? [[h, epochs.get(h) as number] as const] : [])),
      );
      await releaseAll(input, wanted);
    },
  };
}

async function acquireOne(input: Input, host: HostName, heldEpoch?: number): Promise<number> {
  const seenEpoch = input.seen?.get(host)?.epoch;
  const request = leaseRequest({
    opId: `lease-${input.deployment}`,
    service: input.service,
    deployment: input.deployment,
    holder: input.holder,
    ttlSeconds: LEASE_TTL_S,
    manual: false,
    reason: '',
    ...(heldEpoch === undefined
      ? { action: 'acquire', ...(seenEpoch === undefined ? {} : { seenEpoch }) }
      : { action: 'takeover', seenEpoch: heldEpoch }),
  });
  const result = await input.fleet.link(host).call(request, { deadlineMs: DEADLINE_MS, retryForMs: 5_000 });
  const reply = replyOf(result);
  const answer = reply === undefined ? undefined : decodeLeaseReply(reply);
  if (answer?.kind === 'granted') return answer.epoch;
  const held = answer?.kind === 'held' && heldEpoch === undefined ? answer.lease : undefined;
  if (held !== undefined && !held.manual && input.isOver(held.deployment))
    return await acquireOne(input, host, held.epoch);
  if (answer?.kind === 'held') throw heldBy(input.service, host, answer.lease);
  if (answer?.kind === 'fenced')
    throw new RefusedError(
      'PD3204',
      `somebody else had the lease of ${input.service} on ${host} since this plan was made`,
      {
        hint: 'nothing has been changed; run it again for a plan of what is there now',
      },
    );
  throw new RefusedError(NO_ANSWER, `${host} did not give its lease: ${describe(result)}`);
}

function heldBy(service: string, host: HostName, lease: LeaseObservation): RefusedError {
  const { holder, deployment, expiresInMs, manual, reason } = lease;
  const until = manual
    ? 'held until it is released'
    : `free in ${Math.ceil(expiresInMs / 1_000)} s if its holder is gone`;
  return new RefusedError(
    'PD3201',
    `${holder} holds the lease of ${service} on ${host} for ${deployment}${reason === '' ? '' : ` (${reason})`}; ${until}`,
    { hint: 'pdeploy lock status shows all of them' },
  );
}

/** The host could not be asked, as opposed to: somebody else has its lease. */
export function isNoAnswer(error: unknown): error is RefusedError {
  return error instanceof RefusedError && error.code === NO_ANSWER;
}

/** Who has the host instead, '' when nobody has any more; undefined when this is no such refusal. */
export function fencedBy(result: CallResult): string | undefined {
  const reply = replyOf(result);
  const answer = reply === undefined ? undefined : decodeLeaseReply(reply);
  return answer?.kind === 'fenced' ? (answer.lease?.holder ?? '') : undefined;
}

async function renew(input: Input, host: HostName, epoch: number): Promise<void> {
  const request = leaseRequest({
    opId: `lease-${input.deployment}`,
    action: 'renew',
    service: input.service,
    deployment: input.deployment,
    epoch,
    ttlSeconds: LEASE_TTL_S,
  });
  const reply = replyOf(await input.fleet.link(host).call(request, { deadlineMs: DEADLINE_MS }));
  const answer = reply === undefined ? undefined : decodeLeaseReply(reply);
  if (answer?.kind === 'held') input.onLost(host, answer.lease.holder);
  if (answer?.kind === 'fenced') input.onLost(host, answer.lease?.holder ?? '');
}

async function releaseAll(input: Input, epochs: ReadonlyMap<HostName, number>): Promise<void> {
  const jobs = [...epochs].map(([host, epoch]) => {
    const request = leaseRequest({
      opId: `lease-${input.deployment}`,
      action: 'release',
      service: input.service,
      deployment: input.deployment,
      epoch,
    });
    return input.fleet.link(host).call(request, { deadlineMs: DEADLINE_MS, retryForMs: 2_000 });
  });
  await Promise.allSettled(jobs);
}

/** The agent's reply inside a result, for decoders that want to see refusals too. */
export function replyOf(result: CallResult): Parameters<typeof decodeLeaseReply>[0] | undefined {
  return result.kind === 'ok' || result.kind === 'error' ? (result as never) : undefined;
}

export function describe(result: CallResult): string {
  switch (result.kind) {
    case 'ok':
      return 'ok';
    case 'error':
      return `${result.message === '' ? result.code : result.message}`;
    case 'unreachable':
    case 'unknown':
      return result.why;
    case 'stopped':
      return 'stopped';
  }
}

export type { HostLink };
