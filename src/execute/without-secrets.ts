import type { EventBody } from '../model/event.ts';
import type { Plan, PlannedChange } from '../model/plan.ts';
import { redactAll } from '../util/redact.ts';

/**
 * Names by which the machine, the state and the hosts find each other again stay: a secret that happens to be called like
 * a host must not take the deployment apart. Where such a name is printed the output is redacted all the same.
 */
const IN_EVENTS: ReadonlySet<string> = new Set([
  'type',
  'deployment',
  'service',
  'inventory',
  'label',
  'host',
  'instance',
  'instances',
  'opId',
  'from',
  'to',
  'release',
  'plan',
  'hook',
  'code',
  'outcome',
  'level',
]);
const IN_PLANS: ReadonlySet<string> = new Set([
  ...IN_EVENTS,
  'id',
  'name',
  'unit',
  'file',
  'sha256',
  'digest',
  'fingerprint',
  'previous',
  'action',
  'zone',
  'region',
  'strategy',
  'changes',
]);
const IN_CHANGES: ReadonlySet<string> = new Set(['action', 'field']);

/** Before it is written down: what hosts and hooks say may hold secrets. */
export function eventWithoutSecrets(body: EventBody): EventBody {
  return redactAll(body, IN_EVENTS);
}

/** Its changes come without secrets already. */
export function planWithoutSecrets(plan: Plan): Plan {
  return redactAll(plan, IN_PLANS);
}

export function changesWithoutSecrets(changes: readonly PlannedChange[]): readonly PlannedChange[] {
  return redactAll(changes, IN_CHANGES);
}
