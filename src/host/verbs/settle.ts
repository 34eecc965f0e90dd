import { type AgentRequest, agentRequest } from '../request.ts';

export type SettleInput = {
  readonly opId: string;
  readonly service: string;
  readonly epoch: number;
  /** Holds the lease; what it settles are other deployments. */
  readonly deployment: string;
};

/** A trial that nobody had ended, and how it ended now. */
export type SettledTrial = {
  readonly instance: string;
  readonly deployment: string;
  readonly how: 'committed' | 'rolled-back';
};

export type Settled = {
  readonly trials: readonly SettledTrial[];
  /** Host operations that were taken back, as `file /etc/x.conf`. */
  readonly undone: readonly string[];
};

/**
 * Ends what deployments have left on a host that nobody goes on with: decided commits are carried out, trials go back,
 * host operations of a deployment that committed nothing here are undone. Code `failed` when something could not be
 * ended, after all else was. May be repeated.
 */
export function settleRequest(input: SettleInput): AgentRequest {
  return agentRequest('settle', input.opId, [
    ['service', input.service],
    ['epoch', input.epoch],
    ['deployment', input.deployment],
  ]);
}

export function decodeSettled(lines: readonly string[]): Settled {
  return { trials: lines.flatMap(decodeTrial), undone: lines.flatMap(decodeUndone) };
}

/** `settled <instance> <deployment> committed|rolledback` */
function decodeTrial(line: string): readonly SettledTrial[] {
  const match = /^settled ([\w.-]+) ([\w.-]+) (committed|rolledback)$/.exec(line);
  if (match?.[1] === undefined || match[2] === undefined) return [];
  return [
    {
      instance: match[1],
      deployment: match[2],
      how: match[3] === 'committed' ? 'committed' : 'rolled-back',
    },
  ];
}

/** The unit of a first install is no operation that anybody asked for. */
function decodeUndone(line: string): readonly string[] {
  const what = /^undone (?!unit )(.+)$/.exec(line)?.[1];
  return what === undefined ? [] : [what];
}
