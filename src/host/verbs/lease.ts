import type { LeaseObservation } from '../../model/facts.ts';
import { decodeLease } from '../decode/lease.ts';
import type { Reply } from '../reply.ts';
import { type AgentRequest, agentRequest, type Field, token } from '../request.ts';

export type LeaseInput = { readonly opId: string; readonly service: string; readonly deployment: string } & (
  | {
      /** `acquire` succeeds when the lease is free, expired, or held for the same deployment (a resume). */
      readonly action: 'acquire';
      readonly holder: string;
      readonly ttlSeconds: number;
      /** A person's lock: it does not expire, not even by a reboot. */
      readonly manual: boolean;
      readonly reason: string;
      /** Refused as fenced when anybody else was given a newer one since. */
      readonly seenEpoch?: number;
    }
  | {
      /** Takes the lease whoever holds it, provided that its epoch is still the one that was seen. */
      readonly action: 'takeover';
      readonly holder: string;
      readonly ttlSeconds: number;
      readonly manual: boolean;
      readonly reason: string;
      readonly seenEpoch: number;
    }
  | { readonly action: 'renew'; readonly epoch: number; readonly ttlSeconds: number }
  | { readonly action: 'release'; readonly epoch: number }
);

export type LeaseResult =
  | { readonly kind: 'granted'; readonly epoch: number }
  | { readonly kind: 'released' }
  /** Somebody else has it. */
  | { readonly kind: 'held'; readonly lease: LeaseObservation }
  /** A newer epoch exists: this deployment has lost the host. */
  | { readonly kind: 'fenced'; readonly message: string; readonly lease?: LeaseObservation };

export function leaseRequest(input: LeaseInput): AgentRequest {
  const fields: Field[] = [
    ['service', input.service],
    ['deployment', input.deployment],
    ['action', input.action],
  ];
  if ('ttlSeconds' in input) fields.push(['ttl', Math.ceil(input.ttlSeconds)]);
  if ('epoch' in input) fields.push(['epoch', input.epoch]);
  if ('holder' in input)
    fields.push(
      ['holder', token(input.holder)],
      ['manual', input.manual ? 1 : 0],
      ['reason', token(input.reason)],
    );
  if ('seenEpoch' in input && input.seenEpoch !== undefined) fields.push(['seen', input.seenEpoch]);
  return agentRequest('lease', input.opId, fields);
}

/** `undefined` when the reply is neither a grant nor a refusal: an error of another kind, or no trailer. */
export function decodeLeaseReply(reply: Reply): LeaseResult | undefined {
  const lease = decodeLease(reply.lines);
  if (reply.kind === 'ok') {
    const granted = reply.lines.map((line) => /^epoch (\d+)$/.exec(line)?.[1]).find((e) => e !== undefined);
    return granted === undefined ? { kind: 'released' } : { kind: 'granted', epoch: Number(granted) };
  }
  if (reply.kind !== 'error') return undefined;
  if (reply.code === 'held' && lease !== undefined) return { kind: 'held', lease };
  if (reply.code !== 'fenced') return undefined;
  return { kind: 'fenced', message: reply.message, ...(lease === undefined ? {} : { lease }) };
}
