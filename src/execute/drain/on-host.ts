import { type DrainTarget, decodeLeft, decodeServer, drainRequest, isKept } from '../../host/verbs/drain.ts';
import type { CallResult, HostLink } from '../host-link.ts';
import { describe } from '../lease.ts';
import { type DrainPart, type DrainWhere, notBack, notOut, pause } from './part.ts';

/** How long a balancer may take to see a server up again; its own checks have to pass. */
export const UP_WITHIN_MS = 30_000;
const DEADLINE_MS = 20_000;

type OnHost = {
  readonly link: HostLink;
  readonly target: DrainTarget;
  readonly waitMs: number;
  readonly where: DrainWhere;
  /** One call after the other on one balancer. */
  readonly inTurn: <T>(job: () => Promise<T>) => Promise<T>;
};

/** What the agent of a host does: a server of its HAProxy, or the file of an instance. */
export function onHost({ link, target, waitMs, where, inTurn }: OnHost): DrainPart {
  const name = target.kind === 'file' ? `file ${target.path}` : `haproxy ${link.host.name}`;
  // Somebody else had it out before: it does not come up when we are done.
  let kept = false;
  const call = (
    ask:
      | { action: 'check' }
      | { action: 'ready'; deployment: string }
      | { action: 'out'; deployment: string; epoch: number; guardSeconds: number }
      | { action: 'wait' | 'up'; streamSeconds: number },
    deadlineMs = DEADLINE_MS,
  ): Promise<CallResult> =>
    link.call(drainRequest({ opId: where.opId(), service: where.service, target, ...ask }), {
      deadlineMs,
      signal: where.gone,
    });
  return {
    name,
    waitMs,
    early: target.kind === 'file',
    out: (guardSeconds) =>
      inTurn(async () => {
        const { deployment } = where;
        const result = await call({ action: 'out', deployment, epoch: where.epoch(), guardSeconds });
        if (result.kind !== 'ok') return notOut(name, describe(result));
        kept = isKept(result.lines);
        return undefined;
      }),
    idle: async () => {
      if (target.kind === 'file') {
        await pause(waitMs, where.gone);
        return undefined;
      }
      const result = await call({ action: 'wait', streamSeconds: waitMs / 1_000 }, waitMs + DEADLINE_MS);
      return result.kind === 'ok' ? decodeLeft(result.lines) : 'lost';
    },
    back: () =>
      inTurn(async () => {
        const result = await call({ action: 'ready', deployment: where.deployment });
        return result.kind === 'ok' ? undefined : notBack(name, describe(result));
      }),
    up: async () => {
      if (target.kind === 'file' || kept) return undefined;
      const result = await call(
        { action: 'up', streamSeconds: UP_WITHIN_MS / 1_000 },
        UP_WITHIN_MS + DEADLINE_MS,
      );
      if (result.kind !== 'ok') return notBack(name, describe(result));
      const server = decodeServer(result.lines);
      if (server === undefined || server.away || /^(UP|no check)/.test(server.status)) return undefined;
      return notBack(
        name,
        `${target.backend}/${target.server} is ${server.status} after ${UP_WITHIN_MS / 1_000} s`,
      );
    },
    seesUp: target.kind === 'haproxy',
    isHeld: async () => {
      if (target.kind === 'file') return false;
      const result = await call({ action: 'check' });
      return result.kind === 'ok' && decodeServer(result.lines)?.away === true;
    },
  };
}
