import type { Evidence } from '../../model/health.ts';
import { decodeEvidence } from '../decode/evidence.ts';
import { type AgentRequest, agentRequest } from '../request.ts';

export type StatusInput = { readonly opId: string; readonly service: string; readonly instance: string };

/** How a trial stands. `none`: the host has never heard of it. */
export type TrialStatus =
  | { readonly kind: 'none' }
  /** `switched` is false while the restart has not ended yet. */
  | { readonly kind: 'pending'; readonly leftMs: number; readonly switched: boolean }
  | { readonly kind: 'committed' }
  | {
      readonly kind: 'rolled-back';
      readonly by: 'controller' | 'guard' | 'reboot';
      /** Whether the old release was started again without an error; undefined while that is still going on. */
      readonly restored: boolean | undefined;
      readonly evidence?: Evidence;
    };

/** Needs no lease. */
export function statusRequest(input: StatusInput): AgentRequest {
  return agentRequest('status', input.opId, [
    ['service', input.service],
    ['instance', input.instance],
  ]);
}

/** @returns undefined when the lines are not an answer to `status` */
export function decodeStatus(lines: readonly string[]): TrialStatus | undefined {
  const line = lines.find((text) => text.startsWith('trial '));
  const [, state, first, second] = line?.split(' ') ?? [];
  switch (state) {
    case 'none':
    case 'committed':
      return { kind: state };
    case 'pending':
      return { kind: state, leftMs: Number(first) * 10, switched: second === '1' };
    case 'rolledback': {
      const by = first === 'guard' || first === 'reboot' ? first : 'controller';
      const restored = second === '1' ? true : second === '0' ? false : undefined;
      const evidence = decodeEvidence(lines);
      return { kind: 'rolled-back', by, restored, ...(evidence === undefined ? {} : { evidence }) };
    }
    default:
      return undefined;
  }
}
