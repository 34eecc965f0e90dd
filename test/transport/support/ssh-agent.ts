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

/** An ssh-agent of its own. It ends by itself soon after the test run does, whose pipe its command reads. */
export async function startAgent(dir: string): Promise<SshAgent> {
  const socket = join(dir, 'agent.sock');
  const command = ['/bin/sh', '-c', 'echo $SSH_AGENT_PID; exec cat'];
  const child = spawn('ssh-agent', ['-a', socket, ...command], { stdio: ['pipe', 'pipe', 'ignore'] });
  const [told] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    socket,
    add: async (keyFile) => {
      await exec('ssh-add', ['-q', keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    },
    stop: async () => {
      const gone = once(child, 'exit');
      process.kill(Number(told.toString()), 'SIGTERM');
      child.stdin.end();
      await gone;
    },
  };
}
