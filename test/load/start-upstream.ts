import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const UPSTREAM = fileURLToPath(new URL('upstream-process.ts', import.meta.url));

export type UpstreamProcess = { readonly address: string; readonly stop: () => void };

/**
 * Starts the upstream on this machine. @param host address of any host of the lab: the controller's end of its bridge is the only
 * address that all hosts see it under
 */
export async function startUpstream(host: string): Promise<UpstreamProcess> {
  const gateway = host.replace(/\d+$/, '1');
  const child = spawn(process.execPath, [UPSTREAM, gateway], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the upstream ended with ${code}`);
  });
  const [port] = await Promise.race([once(child.stdout as Readable, 'data'), ended]);
  // It is killed in the end.
  ended.catch(() => undefined);
  return { address: `${gateway}:${String(port).trim()}`, stop: () => child.kill('SIGKILL') };
}
