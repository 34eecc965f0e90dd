import type { EventBody } from '../model/event.ts';
import type { HostName, InstanceId } from '../model/host.ts';
import type { Operation } from './state.ts';

export type WaitReason = 'pause' | 'paused' | 'promote' | 'in-flight' | 'progress-deadline';

/** What is to be done now. `wait.until` is on the clock of `Event.t`, milliseconds; without it only an event ends the wait. */
export type Action =
  | { readonly kind: 'prepare'; readonly host: HostName }
  | { readonly kind: 'update'; readonly instance: InstanceId; readonly from: string; readonly to: string }
  | { readonly kind: 'recheck'; readonly instance: InstanceId; readonly during: Operation }
  | {
      readonly kind: 'revert';
      readonly instance: InstanceId;
      readonly from: string;
      readonly to: string;
      /** It was not healthy before the deployment either, so health cannot be asked of the old release. */
      readonly broken: boolean;
    }
  | { readonly kind: 'emit'; readonly body: EventBody }
  | { readonly kind: 'wait'; readonly until: number | undefined; readonly why: WaitReason };

/** Equal for two actions that are the same piece of work, so that none is begun twice. */
export function actionKey(action: Action): string {
  switch (action.kind) {
    case 'prepare':
      return `prepare:${action.host}`;
    case 'update':
    case 'recheck':
    case 'revert':
      return `${action.kind}:${action.instance}`;
    case 'emit':
      return `emit:${action.body.type}:${subject(action.body)}`;
    case 'wait':
      return 'wait';
  }
}

function subject(body: EventBody): string {
  if ('host' in body && body.host !== undefined) return body.host;
  return 'wave' in body ? String(body.wave) : '';
}

export function emit(body: EventBody): readonly Action[] {
  return [{ kind: 'emit', body }];
}

export function wait(why: WaitReason, until?: number): readonly Action[] {
  return [{ kind: 'wait', until, why }];
}
