import { type AgentRequest, agentRequest } from '../request.ts';

export type CommitInput = {
  /** The trial. */
  readonly opId: string;
  readonly service: string;
  readonly instance: string;
  readonly epoch: number;
  readonly deployment: string;
  /** Whether the unit starts at boot. Default true. */
  readonly enabled?: boolean;
};

/** Makes a trial durable. Code `rolledback` when the guard or somebody else was first. May be repeated. */
export function commitRequest(input: CommitInput): AgentRequest {
  return agentRequest('commit', input.opId, [
    ['service', input.service],
    ['instance', input.instance],
    ['epoch', input.epoch],
    ['deployment', input.deployment],
    ['enabled', input.enabled === false ? 0 : 1],
  ]);
}
