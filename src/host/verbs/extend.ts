import { type AgentRequest, agentRequest } from '../request.ts';

export type ExtendInput = {
  readonly opId: string;
  readonly service: string;
  readonly instance: string;
  readonly epoch: number;
  readonly deployment: string;
  /** Added to the guard's deadline; at most 3600, once a trial. A repeated request changes nothing. */
  readonly seconds: number;
};

/** Gives a trial more time. Code `rolledback` when it is over. */
export function extendRequest(input: ExtendInput): AgentRequest {
  return agentRequest('extend', input.opId, [
    ['service', input.service],
    ['instance', input.instance],
    ['epoch', input.epoch],
    ['deployment', input.deployment],
    ['guard', Math.ceil(input.seconds)],
  ]);
}
