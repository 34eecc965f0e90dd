import { spawn } from 'node:child_process';

import { LAB_CODE, labBroken } from './errors.ts';
import { labHost, readLab } from './lab-state.ts';

/** Arguments for the system's ssh that reach a host of a lab and believe no other machine. */
export async function sshArgs(labName: string, destination: string): Promise<readonly string[]> {
  const at = destination.lastIndexOf('@');
  const user = at === -1 ? 'root' : destination.slice(0, at);
  const host = await labHost(labName, destination.slice(at + 1));
  const { paths } = await readLab(labName);
  const options = [
    `IdentityFile="${paths.key}"`,
    'IdentitiesOnly=yes',
    `UserKnownHostsFile="${paths.knownHosts}"`,
    'GlobalKnownHostsFile=none',
    'StrictHostKeyChecking=yes',
    'LogLevel=ERROR',
  ];
  return ['-F', 'none', ...options.flatMap((option) => ['-o', option]), '-l', user, '--', host.address];
}

/**
 * Runs ssh on this terminal and gives back its exit status; 255 when ssh itself failed.
 * @throws PdeployError PD6008, PD6010
 */
export async function ssh(labName: string, destination: string, command: readonly string[]): Promise<number> {
  const args = [...(await sshArgs(labName, destination)), ...command];
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', args, { stdio: 'inherit' });
    child.once('error', (error) =>
      reject(labBroken(LAB_CODE.command, `ssh could not be started: ${error.message}`)),
    );
    child.once('exit', (code) => resolve(code ?? 255));
  });
}
