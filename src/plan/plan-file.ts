import { RefusedError } from '../errors.ts';
import type { Plan } from '../model/plan.ts';
import { planShape, VERSION } from './plan-shape.ts';
import { Mismatch } from './shape.ts';

/** A plan as it is kept in a file. */
export function planFile(plan: Plan): string {
  return `${JSON.stringify(plan, undefined, 2)}\n`;
}

/** @throws RefusedError PD3001 when the text is no plan, PD3002 when it is one of another version */
export function parsePlanFile(text: string): Plan {
  const value = parseJson(text);
  const version =
    value !== null && typeof value === 'object' && 'version' in value ? value.version : undefined;
  if (version === undefined) throw notAPlan('it has no version');
  if (version !== VERSION) {
    throw new RefusedError(
      'PD3002',
      `this plan has version ${String(version)}; this pdeploy reads version ${VERSION}`,
      {
        hint: 'make the plan again with pdeploy plan --out FILE',
      },
    );
  }
  try {
    return planShape(value, '');
  } catch (error) {
    if (error instanceof Mismatch) throw notAPlan(error.message);
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notAPlan('it is not JSON', error);
  }
}

function notAPlan(why: string, cause?: unknown): RefusedError {
  return new RefusedError('PD3001', `this is not a saved plan: ${why}`, {
    hint: 'make one with pdeploy plan --out FILE',
    cause,
  });
}
