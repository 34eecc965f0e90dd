import { EXIT, PdeployError, RefusedError, UsageError } from '../errors.ts';

/** The codes of the lab, PD60xx. */
export const LAB_CODE = {
  notLinux: 'PD6001',
  notRoot: 'PD6002',
  packages: 'PD6003',
  baseImage: 'PD6004',
  hostDown: 'PD6005',
  busy: 'PD6006',
  foreignInventory: 'PD6007',
  unknown: 'PD6008',
  network: 'PD6009',
  command: 'PD6010',
  usage: 'PD6011',
  leftovers: 'PD6012',
} as const;

export type LabCode = (typeof LAB_CODE)[keyof typeof LAB_CODE];

/** Something the lab needs is not there; nothing on any host was changed. Exit 3. */
export function labRefused(code: LabCode, message: string, hint?: string, cause?: unknown): RefusedError {
  return new RefusedError(code, message, { hint, cause });
}

/** A flag or a name that the lab cannot use. Exit 2. */
export function labUsage(message: string, hint?: string): UsageError {
  return UsageError.of(LAB_CODE.usage, message, hint);
}

/** The lab is left in a state that a person has to look at. Exit 5. */
export function labBroken(code: LabCode, message: string, hint?: string, cause?: unknown): PdeployError {
  return new PdeployError(code, message, EXIT.needsPerson, { hint, cause });
}
