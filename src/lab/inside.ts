import { hostProcesses } from './host-process.ts';
import type { LabHost } from './lab-state.ts';
import { type RunOptions, type RunResult, run } from './run.ts';

/** Runs a program in the host without its network or sshd, so also while it is cut off. Exit 127 when it is off. */
export async function inside(
  host: LabHost,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const init = (await hostProcesses(host))?.init;
  if (init === undefined) return { code: 127, stdout: '', stderr: `${host.name} is off` };
  return run('nsenter', ['-t', String(init.pid), '-m', '-u', '-i', '-n', '-p', '-C', '--', ...args], options);
}

/** Runs one of this machine's programs in the host's network. */
export async function insideNetwork(
  host: LabHost,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const init = (await hostProcesses(host))?.init;
  if (init === undefined) return { code: 127, stdout: '', stderr: `${host.name} is off` };
  return run('nsenter', ['-t', String(init.pid), '-n', '--', ...args], options);
}
