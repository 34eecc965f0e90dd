import { type AgentRequest, agentRequest, type Field } from '../request.ts';

export type FinishInput = {
  readonly opId: string;
  readonly service: string;
  readonly epoch: number;
  readonly deployment: string;
  /** Digests that stay. Current, running and last-good ones stay anyway. */
  readonly keep: readonly string[];
  /** The release this deployment proved: becomes last-good. */
  readonly proven?: string;
  /** Where the controller's record stands: kept on the host, so that the record cannot be rewritten unseen. */
  readonly anchor?: { readonly chain: string; readonly n: number; readonly hash: string };
};

/** Ends a deployment on a host: drops what could be undone, collects old releases, releases the lease. */
export function finishRequest(input: FinishInput): AgentRequest {
  return agentRequest('finish', input.opId, [
    ['service', input.service],
    ['epoch', input.epoch],
    ['deployment', input.deployment],
    ...input.keep.map((digest): Field => ['keep', digest]),
    ...(input.anchor === undefined
      ? []
      : [['anchor', input.anchor.chain, input.anchor.n, input.anchor.hash] satisfies Field]),
    ...(input.proven === undefined ? [] : [['proven', input.proven] as const]),
  ]);
}
