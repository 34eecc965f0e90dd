import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

export type ProcessIdentity = {
  readonly pid: number;
  readonly hostname: string;
  readonly bootId: string;
  readonly startTime: string;
};

/** This process, so that another one can tell later whether it still lives. */
export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    hostname: hostname(),
    bootId: read('/proc/sys/kernel/random/boot_id').trim(),
    startTime: startTime(process.pid),
  };
}

/** `unknown` for a process of another machine, or where there is no /proc to tell a pid's old owner from its new one. */
export function isAlive(who: ProcessIdentity): 'yes' | 'no' | 'unknown' {
  const here = ownIdentity();
  if (who.hostname !== here.hostname) return 'unknown';
  if (who.bootId !== here.bootId) return 'no';
  if (here.startTime !== '')
    return who.startTime !== '' && who.startTime === startTime(who.pid) ? 'yes' : 'no';
  return exists(who.pid) ? 'unknown' : 'no';
}

/** Field 22 of /proc/PID/stat, counted after the last `)`, since a name may hold blanks; a zombie has ended. */
function startTime(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && Reflect.get(error, 'code') === 'EPERM';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
