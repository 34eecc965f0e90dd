import type { HealthCheck } from '../../model/health.ts';
import { probeFields } from '../probes.ts';
import { type AgentRequest, agentRequest } from '../request.ts';

export type WatchInput = {
  /** The trial that is watched, so that the stream ends when it does; any new id when there is none. */
  readonly opId: string;
  readonly service: string;
  readonly instance: string;
  /** Digest of the release that should run. */
  readonly expect: string;
  readonly binary: string;
  readonly health: HealthCheck;
  readonly streamSeconds: number;
};

/** Streams samples of what runs, without a lease: for resume, for recheck, after a rollback. */
export function watchRequest(input: WatchInput): AgentRequest {
  return agentRequest('watch', input.opId, [
    ['service', input.service],
    ['instance', input.instance],
    ['to', input.expect],
    ['binary', input.binary],
    ['stream', Math.ceil(input.streamSeconds)],
    ...probeFields(input.health),
  ]);
}
