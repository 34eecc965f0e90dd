import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RefusedError } from '../errors.ts';
import type { CompiledHost } from '../execute/compile.ts';
import type { HookRunner } from '../execute/hooks.ts';
import type { Made, PlanBasis } from '../execute/made.ts';
import type { HostName } from '../model/host.ts';
import type { Strategy } from '../model/strategy.ts';
import type { LoadedPlaybook } from '../playbook/load.ts';
import type { StateStore } from '../state/port.ts';
import type { Session } from './session.ts';

const INSTALLATION = fileURLToPath(new URL('../..', import.meta.url));

export type MadePlan = Made & {
  /** `setup`: the playbook only sets hosts up. */
  readonly kind: 'rollout' | 'setup';
  readonly compiled: ReadonlyMap<HostName, CompiledHost>;
  readonly hooks: HookRunner;
};

/** What every plan of this session is made from. */
export async function planBasis(
  session: Session,
  state: StateStore,
  { playbook, file, sha256 }: LoadedPlaybook,
  flags: Partial<Strategy>,
): Promise<PlanBasis> {
  return {
    service: session.service,
    inventory: session.inventory,
    git: await session.git,
    playbook: { name: playbook.name, file: shownPath(session.project, file), sha256 },
    strategy: { playbook: playbook.strategy, flags },
    records: state.releases(session.service),
    hosts: session.hosts,
    fleet: session.fleet,
  };
}

/** As a person in the project would write it; a playbook that comes with pdeploy says so. */
export function shownPath(project: string, file: string): string {
  const inside = relative(project, file);
  if (!inside.startsWith('..')) return inside;
  const shipped = relative(INSTALLATION, file);
  return shipped.startsWith('..') ? file : `${shipped} of pdeploy`;
}

export async function beforePlan(hooks: HookRunner): Promise<void> {
  const done = await hooks('beforePlan', {});
  if (done === undefined || done.ok) return;
  throw new RefusedError('PD3050', `the hook beforePlan failed: ${done.output.split('\n').at(-1) ?? ''}`);
}
