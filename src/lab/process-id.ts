import { readFile } from 'node:fs/promises';

/** A process that cannot be mistaken for a later one with the same number: `start` is in clock ticks since boot. */
export type ProcessId = { readonly pid: number; readonly start: number };

const STATE_FIELD = 0;
const START_FIELD = 19;

/** Reads a line of `/proc/PID/stat`; `undefined` when it is not one or the process is a zombie. */
export function parseStat(line: string): ProcessId | undefined {
  const pid = Number.parseInt(line, 10);
  // The command name may hold spaces and brackets: only what follows the last bracket is fields.
  const fields = line
    .slice(line.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const start = Number(fields[START_FIELD]);
  if (!Number.isInteger(pid) || !Number.isInteger(start) || 'ZX'.includes(fields[STATE_FIELD] ?? 'X'))
    return undefined;
  return { pid, start };
}

/** The process that has this number now. */
export async function processAt(pid: number): Promise<ProcessId | undefined> {
  return parseStat(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));
}

export async function isAlive(id: ProcessId): Promise<boolean> {
  return (await processAt(id.pid))?.start === id.start;
}

/** Sends a signal (number or name) to exactly this process; false when it is gone. */
export async function signalProcess(id: ProcessId, signal: NodeJS.Signals | number): Promise<boolean> {
  if (!(await isAlive(id))) return false;
  try {
    process.kill(id.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** The direct children of a process that are alive. */
export async function childrenOf(pid: number): Promise<readonly ProcessId[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = await Promise.all(
    text
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => processAt(Number(word))),
  );
  return children.filter((child) => child !== undefined);
}
