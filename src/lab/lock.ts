import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

import { LAB_CODE, labRefused } from './errors.ts';

/** A name that only one process on this machine can listen on; the kernel frees it when that process ends. */
async function listen(name: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen(`\0${name}`);
    await once(server, 'listening');
    return server;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/**
 * Runs `work` while no other process changes the same lab.
 * @throws RefusedError PD6006 when another process does.
 */
export async function withLock<T>(labId: string, lab: string, work: () => Promise<T>): Promise<T> {
  const server = await listen(`pdeploy-lab-${labId}`);
  if (server === undefined) {
    const hint = 'Wait until it is done and run the command again.';
    throw labRefused(LAB_CODE.busy, `Another process is starting or ending lab "${lab}".`, hint);
  }
  try {
    return await work();
  } finally {
    server.close();
  }
}
