import pLimit from 'p-limit';
import type { Drain } from '../../model/drain.ts';
import type { Event, EventBody, Failure } from '../../model/event.ts';
import type { HostName, InstanceId } from '../../model/host.ts';
import type { Fleet } from '../fleet.ts';
import type { Located } from '../target.ts';
import { byCall } from './by-call.ts';
import { byProgram } from './by-program.ts';
import { onHost, UP_WITHIN_MS } from './on-host.ts';
import { type DrainPart, type DrainWhere, notOut, type Refusal } from './part.ts';
import { targetsOf } from './targets.ts';

/** Takes instances out of traffic and back. What went wrong is an event, and given back for whoever has to act. */
export type Drains = {
  /** It is restarted, and there is something to drain it from. One that is started or reloaded stays where it is. */
  readonly has: (at: Located, during: 'update' | 'revert') => boolean;
  /** By this very process: what one before it has taken out may have come back by itself since. */
  readonly isOut: (id: InstanceId) => boolean;
  /** Somebody else keeps it out of traffic: asked now, also of one that was not drained. */
  readonly isHeld: (at: Located) => Promise<boolean>;
  /** It was brought back, and a balancer has said that it gets traffic. */
  readonly isSeenUp: (id: InstanceId) => boolean;
  /** How long requests in flight are waited for. */
  readonly waitMs: (at: Located) => number;
  /** How much longer a trial may take because of it. */
  readonly undrainMs: (at: Located) => number;
  /** @param restMs how long it may stay out after the requests in flight are done */
  readonly drain: (at: Located, restMs: number) => Promise<Refusal>;
  /** The new process runs. */
  readonly switched: (at: Located) => Promise<void>;
  /** In reverse order; waits until the balancers see it up. */
  readonly undrain: (at: Located) => Promise<Refusal>;
  /** Instances that are still out. */
  readonly left: () => readonly InstanceId[];
  readonly see: (event: Event) => void;
};

export type DrainsInput = {
  readonly fleet: Fleet;
  readonly deployment: string;
  readonly service: string;
  /** Of the lease of a host at this moment. */
  readonly epoch: (host: HostName) => number;
  readonly gone: AbortSignal;
  /** Directory of the project: where programs are started. */
  readonly cwd: string;
  /** Events of the deployment so far; a resume has some. */
  readonly past: readonly Event[];
  readonly record: (body: EventBody) => void;
};

const MARGIN_MS = 60_000;
/** A host whose controller is gone takes the trial back when its time is over: it comes back into traffic after that. */
const WAY_BACK_MS = 30_000;
/** How much longer than it waits for requests a drain may take. Whoever slept finds the instance back in traffic. */
const LATE_MS = 30_000;

export function openDrains(input: DrainsInput): Drains {
  const { gone, record } = input;
  const out = new Set<InstanceId>();
  const up = new Set<InstanceId>();
  const before = new Set<InstanceId>();
  const turns = new Map<HostName, ReturnType<typeof pLimit>>();
  const opened = new Map<InstanceId, readonly DrainPart[]>();
  let operations = 0;
  const begun = Date.now().toString(36);

  const see = (event: Event): void => {
    if (event.type === 'drain.started') out.add(event.instance);
    if (event.type === 'drain.finished') before.delete(event.instance);
    if (event.type === 'undrain.finished') out.delete(event.instance);
  };
  for (const event of input.past) see(event);
  for (const id of out) before.add(id);

  const parts = (at: Located): readonly DrainPart[] => {
    const known = opened.get(at.instance.id);
    if (known !== undefined) return known;
    const where: DrainWhere = {
      deployment: input.deployment,
      epoch: () => input.epoch(at.host.host),
      service: input.service,
      host: at.host.host,
      address: at.target.host.connection.address,
      instance: at.instance.name,
      id: at.instance.id,
      gone,
      opId: () => `${input.deployment}-dr-${begun}-${++operations}`,
    };
    const made = drainsOf(at).flatMap((drain) => partsOf(drain, where));
    opened.set(at.instance.id, made);
    return made;
  };

  const partsOf = (drain: Drain, where: DrainWhere): readonly DrainPart[] => {
    switch (drain.kind) {
      case 'haproxy':
      case 'file':
        return targetsOf(where.host, where.instance, drain).map(({ on, target }) => {
          const turn = turns.get(on) ?? pLimit(1);
          if (target.kind === 'haproxy') turns.set(on, turn);
          const inTurn = <T>(job: () => Promise<T>) => (target.kind === 'haproxy' ? turn(job) : job());
          return onHost({ link: input.fleet.link(on), target, waitMs: drain.waitMs, where, inTurn });
        });
      case 'http':
        return [byCall(drain, where)];
      case 'exec':
        return [byProgram(drain, where, input.cwd)];
    }
  };

  const drain = async (at: Located, restMs: number): Promise<Refusal> => {
    const waitMs = Math.max(0, ...parts(at).map((p) => p.waitMs));
    const begun = Date.now();
    const refused = await drainOnce(at, restMs);
    if (refused !== undefined || gone.aborted || Date.now() - begun <= waitMs + LATE_MS) return refused;
    return await drainOnce(at, restMs);
  };

  const drainOnce = async (at: Located, restMs: number): Promise<Refusal> => {
    const instance = at.instance.id;
    const all = parts(at);
    const started = performance.now();
    up.delete(instance);
    record({ type: 'drain.started', instance, through: all.map((p) => p.name) });
    const waitMs = Math.max(0, ...all.map((p) => p.waitMs));
    const guardSeconds = Math.ceil(
      (waitMs + restMs + UP_WITHIN_MS + MARGIN_MS + LATE_MS + wayBackMs(at)) / 1_000,
    );
    for (const part of all) {
      const failure = gone.aborted ? undefined : await part.out(guardSeconds);
      if (failure === undefined) continue;
      record({ type: 'drain.failed', instance, failure });
      return failure;
    }
    const waits = await Promise.all(all.map((part) => outUntilIdle(part, guardSeconds, gone)));
    const idle = waits.map((wait) => (typeof wait === 'object' ? undefined : wait));
    const [failure] = waits.filter((wait) => typeof wait === 'object');
    if (failure !== undefined && !gone.aborted) {
      record({ type: 'drain.failed', instance, failure });
      return failure;
    }
    const left = idle.filter((n) => typeof n === 'number');
    if (!gone.aborted)
      record({
        type: 'drain.finished',
        instance,
        through: all.map((p) => p.name),
        ms: Math.round(performance.now() - started),
        ...(left.length === 0 ? {} : { left: left.reduce((a, b) => a + b, 0) }),
      });
    return undefined;
  };

  const undrain = async (at: Located): Promise<Refusal> => {
    const instance = at.instance.id;
    if (!out.has(instance) || gone.aborted) return undefined;
    const all = parts(at).toReversed();
    const started = performance.now();
    const failures: Failure[] = [];
    // Whatever is wrong with one of them, the others give it traffic again.
    for (const part of all) failures.push(...listed(await part.back()));
    if (failures.length === 0) failures.push(...(await Promise.all(all.map((p) => p.up()))).flatMap(listed));
    const [failure] = failures;
    if (gone.aborted) return failure;
    if (failure === undefined) {
      const ms = Math.round(performance.now() - started);
      if (all.some((part) => part.seesUp)) up.add(instance);
      record({ type: 'undrain.finished', instance, through: all.map((p) => p.name), ms });
    } else record({ type: 'undrain.failed', instance, failure });
    return failure;
  };

  return {
    has: (at, during) => {
      const { action } = at.instance;
      // What was reloaded is restarted on its way back.
      return (
        drainsOf(at).length > 0 && (action === 'restart' || (action === 'reload' && during === 'revert'))
      );
    },
    isOut: (id) => out.has(id) && !before.has(id),
    isHeld: async (at) => (await Promise.all(parts(at).map((part) => part.isHeld()))).includes(true),
    isSeenUp: (id) => up.has(id),
    waitMs: (at) => Math.max(0, ...drainsOf(at).map((d) => d.waitMs)),
    undrainMs: (at) => (drainsOf(at).length === 0 ? 0 : UP_WITHIN_MS + MARGIN_MS),
    drain,
    switched: async (at) => {
      if (!out.has(at.instance.id)) return;
      // Where it fails the probes say what is wrong, and the undrain tries again.
      for (const part of parts(at)) if (part.early) await part.back();
    },
    undrain,
    left: () => [...out],
    see,
  };
}

/** Whoever cannot say how it went may have forgotten that it is out: it is taken out, and waited for, once more. */
async function outUntilIdle(
  part: DrainPart,
  guardSeconds: number,
  gone: AbortSignal,
): Promise<number | undefined | Failure> {
  const idle = await part.idle();
  if (idle !== 'lost') return idle;
  if (gone.aborted) return undefined;
  const refused = await part.out(guardSeconds);
  if (refused !== undefined) return refused;
  const again = await part.idle();
  return again === 'lost' ? notOut(part.name, 'it did not stay out of traffic') : again;
}

function wayBackMs(at: Located): number {
  return WAY_BACK_MS + at.target.stopTimeoutMs;
}

function drainsOf(at: Located): readonly Drain[] {
  return at.target.drains?.get(at.instance.name) ?? [];
}

function listed(failure: Refusal): readonly Failure[] {
  return failure === undefined ? [] : [failure];
}
