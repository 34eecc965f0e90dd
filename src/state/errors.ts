import { EXIT, PdeployError } from '../errors.ts';

export type StateCode = 'PD5001' | 'PD5002' | 'PD5003' | 'PD5004' | 'PD5005' | 'PD5007' | 'PD5008';

/** The record of deployments cannot be opened, read or written. Exit 3: met before a change; a deployment that loses its
 * record on the way ends as interrupted instead. */
export class StateError extends PdeployError {
  constructor(code: StateCode, message: string, details: { hint?: string; cause?: unknown } = {}) {
    super(code, message, EXIT.refused, details);
  }
}

const HINTS = {
  unwritable: 'make the directory writable, or name another one with PDEPLOY_STATE_DIR',
  full: 'free some room, or name a directory elsewhere with PDEPLOY_STATE_DIR',
  busy: 'another pdeploy is writing; try again in a moment',
  damaged: 'move the file away, keep it for an audit, and start again: what runs where is known by the hosts',
} as const;

/** Result codes of SQLite that a person can do something about; the low byte of the extended code. */
const FULL = 13;
const UNWRITABLE = new Set([3, 8, 14, 23]);
const BUSY = new Set([5, 6]);
const DAMAGED = new Set([11, 26]);
const INPUT_OUTPUT = 10;

/** Says in plain words why SQLite or the file system refused; anything else is a bug and is returned as it is. */
export function explain(error: unknown, file: string): unknown {
  if (error instanceof PdeployError) return error;
  const sqlite = numberOf(error, 'errcode');
  const cause = { cause: error };
  if (sqlite !== undefined) {
    const code = sqlite & 0xff;
    if (code === FULL) return noRoom(file, cause);
    if (code === INPUT_OUTPUT) {
      return new StateError('PD5002', `the disk refused to write ${file}: ${messageOf(error)}`, {
        ...cause,
        hint: HINTS.full,
      });
    }
    if (UNWRITABLE.has(code)) return unwritable(file, cause);
    if (BUSY.has(code))
      return new StateError('PD5004', `${file} was locked for 5 seconds`, { ...cause, hint: HINTS.busy });
    if (DAMAGED.has(code)) return damaged(file, messageOf(error), cause);
    return error;
  }
  const errno = stringOf(error, 'code');
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return noRoom(file, cause);
  if (
    errno === 'EACCES' ||
    errno === 'EPERM' ||
    errno === 'EROFS' ||
    errno === 'ENOTDIR' ||
    errno === 'EEXIST'
  )
    return unwritable(file, cause);
  return error;
}

export function noRoom(file: string, cause: { cause?: unknown } = {}): StateError {
  return new StateError('PD5002', `no room left to write ${file}`, { ...cause, hint: HINTS.full });
}

function unwritable(file: string, cause: { cause?: unknown } = {}): StateError {
  return new StateError('PD5001', `${file} cannot be written, so nothing could be recorded`, {
    ...cause,
    hint: HINTS.unwritable,
  });
}

function damaged(file: string, why: string, cause: { cause?: unknown } = {}): StateError {
  return new StateError('PD5005', `${file} is not a sound record of deployments: ${why}`, {
    ...cause,
    hint: HINTS.damaged,
  });
}

function numberOf(error: unknown, key: string): number | undefined {
  const value = error instanceof Error ? Reflect.get(error, key) : undefined;
  return typeof value === 'number' ? value : undefined;
}

function stringOf(error: unknown, key: string): string | undefined {
  const value = error instanceof Error ? Reflect.get(error, key) : undefined;
  return typeof value === 'string' ? value : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
