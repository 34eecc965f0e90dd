import type { AgentCode } from '../../../src/host/reply.ts';

/** `die` of the agent: the rest of the script is not run. */
export class Died extends Error {
  readonly code: AgentCode;
  constructor(code: AgentCode, message: string) {
    super(message);
    this.code = code;
  }
}
