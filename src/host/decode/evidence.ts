import type { Evidence } from '../../model/health.ts';
import { printable } from '../reply.ts';

/** `evidence <state>/<sub> <result> <pid> <restarts> <ports,> <release>` and `log <text>` lines. */
export function decodeEvidence(lines: readonly string[]): Evidence | undefined {
  const line = lines.find((text) => text.startsWith('evidence '));
  const [, unitState, result, pid, restarts, ports, runs] = line?.split(' ') ?? [];
  if (unitState === undefined || result === undefined) return undefined;
  return {
    unitState,
    result,
    pid: Number(pid ?? 0),
    restarts: Number(restarts ?? 0),
    listens: (ports ?? '-')
      .split(',')
      .filter((port) => /^\d+$/.test(port))
      .map(Number)
      .sort((a, b) => a - b),
    release: /^[0-9a-f]{64}$/.test(runs ?? '') ? (runs ?? '') : '',
    logs: lines.filter((text) => text.startsWith('log ')).map((text) => printable(text.slice(4))),
  };
}
