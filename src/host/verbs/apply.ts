import type { HostOp } from '../../model/resource.ts';
import { opEntries, opFields } from '../ops.ts';
import { type AgentRequest, agentRequest } from '../request.ts';

export type ApplyInput = {
  readonly opId: string;
  readonly service: string;
  readonly epoch: number;
  readonly deployment: string;
  readonly ops: readonly HostOp[];
};

/** Host operations without a release, in order; `undo` of the deployment takes them back. Replies `changed <what>` lines. May be repeated. */
export function applyRequest(input: ApplyInput): AgentRequest {
  const entries = opEntries(input.ops);
  return agentRequest(
    'apply',
    input.opId,
    [
      ['service', input.service],
      ['epoch', input.epoch],
      ['deployment', input.deployment],
      ...opFields(input.ops),
    ],
    entries.length === 0 ? 'none' : { entries },
  );
}
