import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Fleet, openFleet } from './fleet.ts';

let fleet: Fleet | undefined;
afterEach(async () => {
  for (const host of fleet?.hosts ?? []) await fleet?.ssh(host.name, 'rm -rf /etc/motd.d /tmp/ran');
  await fleet?.end();
  fleet = undefined;
});

function playbook(on: Fleet, steps: string): void {
  mkdirSync(join(on.dir, 'playbooks'), { recursive: true });
  writeFileSync(
    join(on.dir, 'playbooks', 'tune.ts'),
    `import { command, definePlaybook, directory, file, z } from 'pdeploy';
     export default definePlaybook({ name: 'tune', service: 'edge', vars: z.object({ text: z.string() }), steps: ({ vars }) => [${steps}] });`,
  );
}

const STEPS = `directory({ path: '/etc/motd.d', mode: '0755' }), file({ path: '/etc/motd.d/hello', content: vars.text, mode: '0644' }),
  command({ name: 'touch', argv: ['/usr/bin/touch', '/tmp/ran'], unless: ['/usr/bin/test', '-e', '/tmp/ran'], revert: ['/bin/rm', '/tmp/ran'] })`;

test('a playbook that only sets hosts up changes them once, and shows what it will change', async () => {
  fleet = await openFleet({ hosts: 2 });
  playbook(fleet, STEPS);
  const args = ['run', 'tune', '-i', 'lab', '--yes', '-e', 'text=hello $(touch /tmp/pwn)'];
  const first = await fleet.pdeploy(...args, '-D');
  expect([first.code, first.text]).toEqual([0, expect.stringContaining('+hello $(touch /tmp/pwn)')]);
  for (const host of fleet.hosts) {
    const seen = await fleet.ssh(host.name, 'cat /etc/motd.d/hello; ls /tmp/ran /tmp/pwn 2>&1');
    expect(seen.stdout).toMatch(
      /^hello \$\(touch \/tmp\/pwn\)ls: cannot access '\/tmp\/pwn'.*\n\/tmp\/ran\n$/,
    );
  }
  const second = await fleet.pdeploy(...args);
  expect([second.code, second.text]).toEqual([0, expect.stringContaining('Nothing has been changed')]);
});

test('when a command fails on one host, the others are as they were', async () => {
  fleet = await openFleet({ hosts: 2 });
  playbook(fleet, STEPS);
  // touch has to fail on the second host, after its files were written.
  await fleet.ssh(fleet.hosts[1]?.name ?? '', 'mkdir -p /tmp/gone && ln -s /tmp/gone/nowhere/x /tmp/ran');
  const ran = await fleet.pdeploy('run', 'tune', '-i', 'lab', '--yes', '-e', 'text=x');
  expect([ran.code, ran.text]).toEqual([4, expect.stringContaining(`${fleet.hosts[1]?.name}`)]);
  for (const host of fleet.hosts) expect((await fleet.ssh(host.name, 'ls -d /etc/motd.d')).stdout).toBe('');
  expect((await fleet.ssh(fleet.hosts[0]?.name ?? '', 'ls /tmp/ran')).stdout).toBe('');
});

test('what is in the way of a file is told before anything is touched', async () => {
  fleet = await openFleet({ hosts: 1 });
  playbook(fleet, STEPS);
  await fleet.ssh(fleet.hosts[0]?.name ?? '', 'mkdir -p /etc/motd.d/hello');
  const ran = await fleet.pdeploy('run', 'tune', '-i', 'lab', '--yes', '-e', 'text=x');
  expect([ran.code, ran.text]).toEqual([3, expect.stringContaining('/etc/motd.d/hello is a directory')]);
});
