import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { onTestFinished } from 'vitest';

/** Takes the first `set server` lines and closes: to who sent them that looks like consent. Passes on all the rest. */
const RELAY = `
const net = require('node:net');
let [, socket, behind, lost] = process.argv;
const server = net.createServer({ allowHalfOpen: true }, (from) => {
  from.on('error', () => undefined);
  from.once('data', (line) => {
    if (String(line).startsWith('set server') && lost-- > 0) return from.end();
    const to = net.connect(behind);
    to.on('error', () => from.destroy());
    to.write(line);
    to.pipe(from);
  });
});
server.listen(socket, () => process.stdout.write('ready'));
`;

/** A socket in front of the one of an HAProxy, on which the first `lost` changes of a server get lost. */
export async function startLossySocket(socket: string, behind: string, lost: number) {
  const child: ChildProcess = spawn(process.execPath, ['-e', RELAY, socket, behind, String(lost)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  if (child.stdout !== null) await once(child.stdout, 'data');
  return {
    end: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      rmSync(socket, { force: true });
    },
  };
}
