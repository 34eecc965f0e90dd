import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

export type SshAgent = {
  readonly socket: string;
  add(keyFile: string): Promise<void>;
  stop(): Promise<void>;
};

/** An ssh-agent of its own, in the foreground. */
export async function startAgent(dir: string): Promise<SshAgent> {
  const socket = join(dir, 'agent.sock');
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  return {
    socket,
    add: async (keyFile) => {
      await exec('ssh-add', ['-q', keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    },
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
