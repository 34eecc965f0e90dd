import type { HealthCheck } from '../../model/health.ts';
import { probeFields } from '../probes.ts';
import { type AgentRequest, agentRequest } from '../request.ts';

export type RollbackInput = {
  /** The trial. */
  readonly opId: string;
  readonly service: string;
  readonly instance: string;
  readonly epoch: number;
  readonly deployment: string;
  /** Streams samples of the old release after the restart; without it the reply ends when the restart has. */
  readonly watch?: { readonly binary: string; readonly health: HealthCheck; readonly streamSeconds: number };
};

/**
 * Ends a trial by going back. Lines: the evidence (see decodeEvidence) taken before anything is touched, then
 * `restored <digest or ->`, then samples. Code `conflict` when the trial is already committed.
 * Of a trial that was rolled back before, it tells the same again, and who did it (see decodeFirst).
 */
export function rollbackRequest(input: RollbackInput): AgentRequest {
  return agentRequest('rollback', input.opId, [
    ['service', input.service],
    ['instance', input.instance],
    ['epoch', input.epoch],
    ['deployment', input.deployment],
    ...(input.watch === undefined
      ? []
      : [
          ['binary', input.watch.binary] as const,
          ['stream', Math.ceil(input.watch.streamSeconds)] as const,
          ...probeFields(input.watch.health),
        ]),
  ]);
}

/** Who had taken a trial back before this was asked for; undefined when nobody had. */
export function decodeFirst(lines: readonly string[]): 'controller' | 'guard' | 'reboot' | undefined {
  const by = lines.find((line) => line.startsWith('by '))?.slice('by '.length);
  return by === 'controller' || by === 'guard' || by === 'reboot' ? by : undefined;
}
