import { it } from 'vitest';
import { sshServer } from '../support/hostile-server.ts';
import { bench, type Keys, SETTINGS, type Subject } from './bench.ts';

/** What the host gets to see of us. */
export function sends(subject: Subject, keys: () => Keys): void {
  it('never has more than 8 channels of a session open', async ({ expect }) => {
    let open = 0;
    let most = 0;
    const server = await sshServer(keys().host, {
      exec: (channel) => {
        open += 1;
        most = Math.max(most, open);
        setTimeout(() => {
          open -= 1;
          channel.exit(0);
          channel.close();
        }, 60);
      },
    });
    const transport = subject.make(SETTINGS);
    try {
      const session = await transport.connect(bench(subject, keys(), expect).hostAt(server), {});
      const run = () => session.run('agent', { stdin: Buffer.alloc(0), deadlineMs: 20_000 });
      for (const result of await Promise.all(Array.from({ length: 30 }, run)))
        expect(result.kind).toBe('exited');
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(8);
    } finally {
      await transport.close();
      await server.stop();
    }
  });

  it.for([
    ['root', 'agent'],
    ['deploy', 'sudo agent'],
  ] as const)('asks for sudo by who logs in: %s', async ([user, wanted], { expect }) => {
    const commands: string[] = [];
    const server = await sshServer(keys().host, {
      exec: (channel, command) => {
        commands.push(command);
        channel.exit(0);
        channel.close();
      },
    });
    const transport = subject.make({
      ...SETTINGS,
      commandLine: (command, sudo) => `${sudo ? 'sudo ' : ''}${command}`,
    });
    try {
      const session = await transport.connect(bench(subject, keys(), expect).hostAt(server, { user }), {});
      await session.run('agent', { stdin: Buffer.alloc(0), deadlineMs: 5_000 });
      expect(commands).toEqual([wanted]);
    } finally {
      await transport.close();
      await server.stop();
    }
  });
}
