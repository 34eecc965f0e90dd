import { type AgentRequest, agentRequest } from '../request.ts';

export type UndoInput = {
  readonly opId: string;
  readonly service: string;
  readonly epoch: number;
  readonly deployment: string;
};

/**
 * Undoes the host operations of a deployment, newest first, going on after errors; code `failed` lists them.
 * Lines `undone <what>`. May be repeated: what has been undone is skipped.
 */
export function undoRequest(input: UndoInput): AgentRequest {
  return agentRequest('undo', input.opId, [
    ['service', input.service],
    ['epoch', input.epoch],
    ['deployment', input.deployment],
  ]);
}
