import type { Failure } from '../../model/event.ts';

/** Undefined when it went well. */
export type Refusal = Failure | undefined;

/** One way by which an instance is out of traffic, on one balancer. Every step may be repeated. */
export type DrainPart = {
  /** As people see it: `haproxy lb-1`. */
  readonly name: string;
  readonly waitMs: number;
  /** The new process must not find it, as its health would tell: it is undone as soon as that runs. */
  readonly early: boolean;
  /** No new requests from here on. @param guardSeconds after which it is undone without pdeploy, where that can be */
  readonly out: (guardSeconds: number) => Promise<Refusal>;
  /**
   * Until no request is in flight, or the deadline; gives how many were left, when that can be known. `lost`: who was to
   * wait has not answered, and may have forgotten it by now.
   */
  readonly idle: () => Promise<number | 'lost' | undefined>;
  readonly back: () => Promise<Refusal>;
  /** Until whoever balances gives it traffic again. */
  readonly up: () => Promise<Refusal>;
  /** `up` tells for sure that it gets traffic. */
  readonly seesUp: boolean;
  /** Somebody else keeps it out of traffic there. */
  readonly isHeld: () => Promise<boolean>;
};

/** What the steps of a part may need to know. */
export type DrainWhere = {
  readonly deployment: string;
  /** Of the lease of the instance's host at this moment. */
  readonly epoch: () => number;
  readonly service: string;
  readonly host: string;
  readonly address: string;
  readonly instance: string;
  readonly id: string;
  readonly gone: AbortSignal;
  /** A new id of an operation on a host. */
  readonly opId: () => string;
};

export const DRAIN_CODE = 'PD4030';
export const UNDRAIN_CODE = 'PD4031';

export function notOut(name: string, why: string): Failure {
  return { code: DRAIN_CODE, message: `could not be drained: ${name}: ${why}` };
}

export function notBack(name: string, why: string): Failure {
  return { code: UNDRAIN_CODE, message: `is not back in traffic: ${name}: ${why}` };
}

/** A pause that a second Ctrl-C ends. */
export function pause(ms: number, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      gone.removeEventListener('abort', end);
      resolve();
    }
    if (gone.aborted) end();
    else gone.addEventListener('abort', end, { once: true });
  });
}
