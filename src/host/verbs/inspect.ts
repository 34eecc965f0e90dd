import { type AgentRequest, agentRequest, type Field } from '../request.ts';

export type InspectInput = {
  readonly opId: string;
  readonly service: string;
  /** Instances whose limits are told. */
  readonly instances: readonly string[];
};

/** What binds the login that asks, and the facts of the host. Needs no lease, and no service that the policy names. */
export function inspectRequest(input: InspectInput): AgentRequest {
  return agentRequest('inspect', input.opId, [
    ['service', input.service],
    ...input.instances.map((name): Field => ['instance', name]),
  ]);
}
