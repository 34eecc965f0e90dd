import type { EventBody } from '../../src/model/event.ts';
import { NEW, OLD } from '../arbitraries/plan.ts';

export function started(over: { service?: string; inventory?: string } = {}): EventBody {
  return {
    type: 'deployment.started',
    actor: 'ops',
    service: 'edge',
    inventory: 'prod',
    from: OLD,
    to: NEW,
    label: '9b7e01d',
    hosts: 3,
    instances: 3,
    plan: 'plan-1',
    ...over,
  };
}

export function finished(outcome: 'succeeded' | 'interrupted' | 'rolled-back', cause = ''): EventBody {
  return {
    type: 'deployment.finished',
    outcome,
    cause,
    ms: 151_000,
    release: NEW,
    counts: { total: 3, current: 3, old: 0, healthy: 3, untouched: 0, failed: 0 },
  };
}
