import type { HealthCheck } from '../../model/health.ts';
import type { HostOp } from '../../model/resource.ts';
import { opEntries, opFields } from '../ops.ts';
import { probeFields } from '../probes.ts';
import { type AgentRequest, agentRequest } from '../request.ts';

export type ActivateInput = {
  /** Names this trial for good: commit, rollback, status and extend are asked for by it. */
  readonly opId: string;
  readonly service: string;
  readonly instance: string;
  readonly epoch: number;
  readonly deployment: string;
  /** Digest of the release that is current now, '' for a first install. Anything else on the host is a `conflict`. */
  readonly from: string;
  readonly to: string;
  /** Name of the main executable, `bin/<binary>`. */
  readonly binary: string;
  /** `systemctl reload` instead of a restart; a `conflict` when more than the configuration differs. Default: false. */
  readonly reload?: boolean;
  /**
   * Upgrade socket: a successor takes the listening sockets over instead of a restart. The unit must be unchanged and
   * have the `ExecReload=` that starts a successor; else a `conflict`.
   */
  readonly handover?: string;
  /** A restart where the handover does not come about; of use on a way back. Default: false. */
  readonly cold?: boolean;
  /** As for `prepare`. */
  readonly downgrade?: boolean;
  /** When nobody commits within this time the host goes back by itself. */
  readonly guardSeconds: number;
  readonly stopTimeoutMs: number;
  readonly health: HealthCheck;
  /** How long samples are streamed; the stream also ends with the guard, with a rollback, or when it is closed. */
  readonly streamSeconds: number;
  /** Operations of phase `activate`; undone by a rollback of this trial. */
  readonly ops: readonly HostOp[];
};

/**
 * Arms the guard, switches one instance, then streams `sample` lines (see decodeSample). A retry with the same opId
 * joins the trial that runs, or answers how it ended; it never switches twice.
 * Replies: lines `armed <deadline seconds>`, `switched <milliseconds>`, `sample ...`.
 */
export function activateRequest(input: ActivateInput): AgentRequest {
  const entries = opEntries(input.ops);
  return agentRequest(
    'activate',
    input.opId,
    [
      ['service', input.service],
      ['instance', input.instance],
      ['epoch', input.epoch],
      ['deployment', input.deployment],
      ['from', input.from === '' ? '-' : input.from],
      ['to', input.to],
      ['binary', input.binary],
      ['reload', input.reload === true ? 1 : 0],
      ...(input.handover === undefined ? [] : [['handover', input.handover] as const]),
      ...(input.cold === true ? [['cold', 1] as const] : []),
      ...(input.downgrade === true ? [['downgrade', 1] as const] : []),
      ['guard', Math.ceil(input.guardSeconds)],
      ['stop', Math.ceil(input.stopTimeoutMs / 1000)],
      ['stream', Math.ceil(input.streamSeconds)],
      ...probeFields(input.health),
      ...opFields(input.ops),
    ],
    entries.length === 0 ? 'none' : { entries },
  );
}

/** Milliseconds from the request to the end of the restart, from a streamed `switched` line. */
export function decodeSwitched(line: string): number | undefined {
  const match = /^switched (\d+)$/.exec(line);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
