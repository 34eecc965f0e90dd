import type { RawHttp } from '../../health/echo.ts';
import { explainThrough, NOTHING_SEEN, observeThrough, type ThroughWanted } from '../../health/through.ts';
import type { Failure } from '../../model/event.ts';
import { type Front, shownUrl, type ThroughFronts } from '../../model/through.ts';
import type { DeploymentContext, ReleaseIds } from '../deployment-context.ts';
import { pause, type Refusal } from '../drain/part.ts';
import type { Located } from '../target.ts';

/** Code of an instance that does not serve through what balances it. */
export const THROUGH_CODE = 'PD4032';

const BETWEEN_MS = 50;
/** Beside the time that the last request may take. */
const MARGIN_MS = 5_000;

/** How much longer a trial may take because of it. */
export function throughMs(at: Located): number {
  const through = throughOf(at);
  return through === undefined ? 0 : through.withinMs + through.timeoutMs + MARGIN_MS;
}

export type SeeThrough = {
  readonly release: ReleaseIds;
  readonly before: ReleaseIds;
  readonly pid: number;
  /** The instance is on its way back. */
  readonly patient: boolean;
};

/**
 * Asks through each balancer until the instance has answered often enough. What its health check does not ask for is not
 * asked; the release on its way back is judged by its own.
 */
export async function seeThrough(
  context: DeploymentContext,
  at: Located,
  see: SeeThrough,
  asks = at.target.health.get(at.instance.name)?.through !== undefined,
): Promise<Refusal> {
  const { recorder, drains, gone } = context;
  const instance = at.instance.id;
  const through = asks ? throughOf(at) : undefined;
  if (through === undefined || gone.aborted) return undefined;
  if (await drains.isHeld(at)) {
    const text = `${instance} is not asked through its balancers: somebody else keeps it out of traffic`;
    recorder.record({ type: 'note', level: 'warn', host: at.host.host, text });
    return undefined;
  }
  if (gone.aborted) return undefined;
  const started = performance.now();
  const wanted: ThroughWanted = { ...see, up: drains.isSeenUp(instance) };
  const ended = new AbortController();
  const stop = AbortSignal.any([gone, ended.signal]);
  const { askThrough } = await import('./ask.ts');
  const looks = through.fronts.map(async (front) => {
    const look = await lookThrough(through, front, wanted, stop, (signal) =>
      askThrough(through, front, signal),
    );
    if (look.failure !== undefined) ended.abort();
    return look;
  });
  const all = await Promise.all(looks);
  if (gone.aborted) return undefined;
  const failure = all.find((look) => look.failure !== undefined)?.failure;
  if (failure !== undefined) {
    recorder.record({ type: 'traffic.failed', instance, failure });
    return failure;
  }
  recorder.record({
    type: 'traffic.seen',
    instance,
    through: through.fronts.map((front) => front.name),
    asked: all.reduce((sum, look) => sum + look.asked, 0),
    ms: Math.round(performance.now() - started),
  });
  return undefined;
}

/** One balancer. Without a failure the instance was seen, or somebody stopped the looking. */
export async function lookThrough(
  through: ThroughFronts,
  front: Front,
  wanted: ThroughWanted,
  stop: AbortSignal,
  ask: (signal: AbortSignal) => Promise<RawHttp>,
): Promise<{ readonly asked: number; readonly failure: Failure | undefined }> {
  const until = performance.now() + through.withinMs;
  let seen = NOTHING_SEEN;
  while (!stop.aborted && performance.now() < until) {
    const raw = await ask(stop);
    if (stop.aborted) break;
    seen = observeThrough(seen, raw, through, wanted);
    if (seen.settled !== undefined) break;
    await pause(BETWEEN_MS, stop);
  }
  const { asked, settled } = seen;
  if (settled === 'served' || (settled === undefined && stop.aborted)) return { asked, failure: undefined };
  const where = `${shownUrl(through.url)} through ${front.name}`;
  const message =
    settled === undefined
      ? `was not seen at ${where} within ${through.withinMs / 1_000} s: ${explainThrough(seen)}`
      : `is wrong at ${where}: ${settled.why}`;
  return { asked, failure: { code: THROUGH_CODE, message } };
}

function throughOf(at: Located): ThroughFronts | undefined {
  return at.target.throughs?.get(at.instance.name);
}
