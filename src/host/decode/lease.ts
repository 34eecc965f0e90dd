import type { LeaseObservation } from '../../model/facts.ts';
import { printable } from '../reply.ts';
import { untoken } from '../request.ts';

/** `lease <epoch> <deployment> <left, 1/100 s> <manual> <holder> <reason>`; undefined when nobody holds it. */
export function decodeLease(lines: readonly string[]): LeaseObservation | undefined {
  const line = lines.find((text) => text.startsWith('lease '));
  const [, epoch, deployment, left, manual, holder, reason] = line?.split(' ') ?? [];
  if (reason === undefined || holder === undefined || deployment === undefined) return undefined;
  return {
    holder: printable(untoken(holder)),
    deployment,
    epoch: Number(epoch),
    expiresInMs: manual === '1' ? Number.POSITIVE_INFINITY : Number(left) * 10,
    reason: printable(untoken(reason)),
    manual: manual === '1',
  };
}
