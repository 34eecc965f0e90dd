import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RefusedError } from '../errors.ts';

/** File systems that are in memory alone: tmpfs and ramfs. */
const IN_MEMORY = [0x01021994, 0x858458f6];
const PREFIX = 'pdeploy-secrets-';
/** Ends of the program that can be seen; the editor is told, and nothing is left behind. */
const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** A folder that only this user can open, in memory. What it holds is gone with it, however the program ends. */
export type Workplace = { readonly file: string; readonly read: () => string; readonly remove: () => void };

/** @throws RefusedError PD2148 where no file system is in memory */
export function openWorkplace(name: string, text: string, env: NodeJS.ProcessEnv): Workplace {
  const places = [env.XDG_RUNTIME_DIR || '/dev/shm', '/dev/shm'];
  const place = places.find((path) => isInMemory(path));
  if (place === undefined)
    throw new RefusedError('PD2148', 'there is no folder in memory to edit secrets in', {
      hint: `${[...new Set(places)].join(' and ')} would have to be a tmpfs`,
    });
  removeLeftovers(place);
  const folder = mkdtempSync(join(place, `${PREFIX}${process.pid}-`));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const file = join(folder, basename(name).replace(/\.age$/, ''));
  writeFileSync(file, text, { mode: 0o600 });
  return {
    file,
    read: () => readFileSync(file, 'utf8'),
    remove: () => {
      remove();
      process.off('exit', remove);
    },
  };
}

/** Starts the editor of the user on a file and waits. @throws RefusedError PD2148 when it fails or cannot be started */
export async function runEditor(file: string, env: NodeJS.ProcessEnv): Promise<void> {
  const editor = env.VISUAL || env.EDITOR || 'vi';
  // As git does it: the variable may hold arguments, such as "code --wait".
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'editor', file], { stdio: 'inherit' });
  const ignore = (): void => undefined;
  const stops = SIGNALS.map((signal) => {
    const stop = (): void => {
      child.kill(signal);
      process.exit(130);
    };
    process.on(signal, stop);
    return () => process.off(signal, stop);
  });
  // ctrl-c in a terminal is for the editor.
  process.on('SIGINT', ignore);
  try {
    const code = await new Promise<number | string>((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('close', (status, signal) => resolve(status ?? signal ?? 1));
    });
    if (code !== 0)
      throw new RefusedError('PD2148', `the editor ${editor} ended with ${code}; nothing has been changed`, {
        hint: 'VISUAL or EDITOR names it',
      });
  } finally {
    process.off('SIGINT', ignore);
    for (const restore of stops) restore();
  }
}

function isInMemory(path: string): boolean {
  try {
    return IN_MEMORY.includes(statfsSync(path).type);
  } catch {
    return false;
  }
}

/** Of programs that were killed, or a machine that lost them. */
function removeLeftovers(place: string): void {
  for (const name of readdirSync(place)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      rmSync(join(place, name), { recursive: true, force: true });
    } catch {
      // Somebody else's.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
