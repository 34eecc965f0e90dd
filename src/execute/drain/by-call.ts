import type { Drain } from '../../model/drain.ts';
import { drainName } from '../../model/drain.ts';
import { Secret } from '../../util/secret.ts';
import { type DrainPart, type DrainWhere, notBack, notOut, pause } from './part.ts';

const ANSWER_WITHIN_MS = 10_000;
const TRIES = 3;

/** Requests of the controller. Nobody says how many requests are in flight, so all of the time is waited. */
export function byCall(drain: Extract<Drain, { kind: 'http' }>, where: DrainWhere): DrainPart {
  const name = drainName(drain);
  return {
    name,
    waitMs: drain.waitMs,
    early: false,
    out: async () => {
      const why = await ask(drain, drain.drain);
      return why === undefined ? undefined : notOut(name, why);
    },
    idle: async () => {
      await pause(drain.waitMs, where.gone);
      return undefined;
    },
    back: async () => {
      const why = await ask(drain, drain.undrain);
      return why === undefined ? undefined : notBack(name, why);
    },
    up: async () => undefined,
    seesUp: false,
    isHeld: async () => false,
  };
}

/** Undefined when the answer was 2xx. Asked a few times: the drain of a balancer may be told twice. */
async function ask(drain: Extract<Drain, { kind: 'http' }>, url: string): Promise<string | undefined> {
  let why: string | undefined;
  for (let n = 0; n < TRIES; n += 1) {
    if (n > 0) await new Promise((r) => setTimeout(r, 500 * n));
    try {
      const got = await fetch(url, {
        method: drain.method,
        headers: Object.fromEntries(
          Object.entries(drain.headers).map(([k, v]) => [k, v instanceof Secret ? v.reveal() : v]),
        ),
        redirect: 'manual',
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      await got.body?.cancel();
      if (got.ok) return undefined;
      why = `answered ${got.status}`;
    } catch (error) {
      const { name, cause, message } = error as Error & { cause?: { code?: string } };
      why = name === 'TimeoutError' ? 'no answer in time' : (cause?.code ?? message);
    }
  }
  return why;
}
