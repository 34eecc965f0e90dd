import type { Problem } from '../errors.ts';
import type { Plan } from '../model/plan.ts';
import { type DomainFloor, floorsOf } from './floors.ts';

/** Why this plan must not be carried out as it is. Nothing has been changed when it is refused: exit 3. */
export function planRefusals(plan: Plan): readonly Problem[] {
  const problems: Problem[] = [];
  if (plan.strategy.onUnreachable === 'fail' && plan.unreachable.length > 0) {
    const hosts = plan.unreachable.map((u) => `${u.host} (${u.why})`).join(', ');
    problems.push({
      code: 'PD3004',
      message: `cannot be reached: ${hosts}`,
      hint: 'cordon them in the inventory, or go on without them with --on-unreachable skip',
    });
  }
  for (const floor of floorsOf(plan)) {
    if (canNeverHold(floor)) problems.push(impossible(floor));
  }
  return problems;
}

/** Even with everything that is broken repaired first, no healthy instance could be taken down. */
function canNeverHold({ instances, floor, total }: DomainFloor): boolean {
  const stay = instances.filter((i) => i.broken && i.action === 'nothing').length;
  const next = instances.some((i) => !i.broken && i.action !== 'nothing');
  return next && total - stay - 1 < floor;
}

function impossible({ label, floor, total, instances }: DomainFloor): Problem {
  const healthy = instances.filter((i) => !i.broken).length;
  return {
    code: 'PD3005',
    message: `${label} must keep ${floor} of ${total} instances healthy and has ${healthy}: none could ever be restarted`,
    hint: 'lower minHealthyPerDomain, or add instances',
  };
}
