import type { Drain } from '../../model/drain.ts';
import { drainName } from '../../model/drain.ts';
import { runLocal } from '../local-command.ts';
import { type DrainPart, type DrainWhere, notBack, notOut } from './part.ts';

/** Time beside the wait that it was told of. */
const ROOM_MS = 10_000;

/** A program on the controller, which waits for requests in flight by itself. */
export function byProgram(
  drain: Extract<Drain, { kind: 'exec' }>,
  where: DrainWhere,
  cwd: string,
): DrainPart {
  const name = drainName(drain);
  const run = async (action: 'drain' | 'undrain'): Promise<string | undefined> => {
    const { service, deployment, host, address, instance, id } = where;
    const told = { v: 1, action, service, deployment, host, address, instance, id, waitMs: drain.waitMs };
    const result = await runLocal(drain.argv, {
      timeoutMs: drain.waitMs + ROOM_MS,
      cwd,
      input: `${JSON.stringify(told)}\n`,
    });
    if (result.code === 0 && !result.timedOut) return undefined;
    const last = result.output.trim().split('\n').at(-1) ?? '';
    const how = result.timedOut
      ? `ended after ${(drain.waitMs + ROOM_MS) / 1_000} s`
      : `ended with ${result.code ?? 'a signal'}`;
    return last === '' ? how : `${how}: ${last}`;
  };
  return {
    name,
    waitMs: drain.waitMs,
    early: false,
    out: async () => {
      const why = await run('drain');
      return why === undefined ? undefined : notOut(name, why);
    },
    idle: async () => undefined,
    back: async () => {
      const why = await run('undrain');
      return why === undefined ? undefined : notBack(name, why);
    },
    up: async () => undefined,
    seesUp: false,
    isHeld: async () => false,
  };
}
