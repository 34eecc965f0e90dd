import type { StepContext, StepDraft } from '../../src/model/playbook.ts';
import type { ResourceStep } from '../../src/model/resource.ts';
import { DEFAULT_STRATEGY } from '../../src/model/strategy.ts';
import { unitText } from '../../src/model/unit-text.ts';
import { aHost } from './sample.ts';

/** A draft of a resource, finished for a plain host. */
export function finish(step: StepDraft, directory = '.'): ResourceStep {
  const host = aHost();
  const ctx: StepContext<unknown> = {
    host,
    instances: host.instances,
    service: 'edge',
    label: 'v1',
    vars: {},
    secrets: {},
    paths: { root: '/opt/pdeploy/edge', current: unitText([{ kind: 'literal', text: '/run' }]) },
    directory,
  };
  const made = step.make(ctx, { strategy: DEFAULT_STRATEGY, stopTimeoutMs: 30_000 });
  if (made.type !== 'resource') throw new Error('not a resource');
  return made;
}
