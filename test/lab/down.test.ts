import { spawn } from 'node:child_process';
import { access, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { down, leftovers } from '../../src/lab/down.ts';
import { hostProcesses } from '../../src/lab/host-process.ts';
import type { LabHost } from '../../src/lab/lab-state.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { run } from '../../src/lab/run.ts';
import { type OwnLab, ownLab } from './own-lab.ts';

let own: OwnLab;

beforeEach(async () => {
  own = await ownLab();
});

afterEach(async () => {
  await own.end();
});

const LOCKS = '/run/systemd/nspawn/locks';

/** The names that nspawn gives to its locks of these directories; they must be mounted. */
async function lockNames(hosts: string): Promise<readonly string[]> {
  const roots = (await readdir(hosts)).map((name) => join(hosts, name, 'merged'));
  return Promise.all(
    roots.map(async (root) => {
      const { dev, ino } = await stat(root);
      return `inode-${dev}:${ino}`;
    }),
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Looks itself instead of asking the code under test. */
async function expectNoTrace(hosts: readonly LabHost[]): Promise<void> {
  const { dir, id } = labPaths(own.name);
  expect(await exists(dir)).toBe(false);
  expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(dir);
  expect((await run('ip', ['link', 'show'])).stdout).not.toContain(`vb-p${id.slice(0, 6)}`);
  for (const host of hosts)
    expect((await run('ip', ['link', 'show', `pdlab${host.subnet}`])).code).not.toBe(0);
  const groups = await run('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', `pdeploy-lab-${id}`]);
  expect(groups.stdout).toBe('');
  const processes = await Promise.all(
    (await readdir('/proc')).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  expect(processes.filter((line) => line.includes(dir))).toEqual([]);
  expect(
    (await readdir('/run/systemd/nspawn/propagate')).filter((name) => name.startsWith(`p${id.slice(0, 6)}`)),
  ).toEqual([]);
  expect(await leftovers(own.name)).toEqual([]);
}

describe('down', () => {
  it('leaves nothing, whatever became of the hosts, and can be repeated', async () => {
    const { lab } = await own.bringUp(3);
    const [killed, orphaned] = await Promise.all(lab.hosts.slice(0, 2).map(hostProcesses));
    // One host died; of another the process that was recorded is gone while the host runs on.
    process.kill(killed?.init?.pid ?? 0, 'SIGKILL');
    process.kill(orphaned?.supervisor.pid ?? 0, 'SIGKILL');
    const locks = await lockNames(lab.paths.hosts);
    expect(await readdir(LOCKS)).toEqual(expect.arrayContaining(locks.slice(1)));
    expect(await down(own.name)).toEqual({ hosts: 3 });
    await expectNoTrace(lab.hosts);
    expect((await readdir(LOCKS)).filter((name) => locks.includes(name))).toEqual([]);
    expect(await exists(own.inventory)).toBe(false);
    expect(await down(own.name)).toEqual({ hosts: 0 });
  });

  it('ends a lab whose up was killed half way', async () => {
    const program = `
      import { up } from ${JSON.stringify(join(import.meta.dirname, '../../src/lab/up.ts'))};
      await up({ name: ${JSON.stringify(own.name)}, hosts: 12, prefix: 'edge', instances: 1, inventoryFile: undefined, progress: console.log });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    expect((await leftovers(own.name)).length).toBeGreaterThan(3);
    await down(own.name);
    await expectNoTrace([]);
  });

  it('ends a lab whose record cannot be read', async () => {
    const { lab } = await own.bringUp(1);
    await writeFile(lab.paths.record, '{');
    expect(await down(own.name)).toEqual({ hosts: 1 });
    await expectNoTrace(lab.hosts);
  });

  it('does not end another lab or kill a process that got the number of one of its own', async () => {
    const other = await ownLab();
    try {
      const { lab } = await other.bringUp(1);
      const bystander = spawn('sleep', ['60']);
      try {
        const host = lab.hosts[0];
        const real = await readFile(host?.pidFile ?? '', 'utf8');
        await writeFile(host?.pidFile ?? '', real.replace(/^\d+/, String(bystander.pid)));
        await down(own.name);
        expect(await leftovers(other.name)).not.toEqual([]);
        await down(other.name);
        expect(bystander.exitCode).toBeNull();
        expect(bystander.signalCode).toBeNull();
      } finally {
        bystander.kill();
      }
    } finally {
      await other.end();
    }
  });
});

describe('up', () => {
  it('gives two labs at once networks of their own', async () => {
    const other = await ownLab();
    try {
      const [one, two] = await Promise.all([own.bringUp(1), other.bringUp(1)]);
      expect(one.lab.record.subnet).not.toBe(two.lab.record.subnet);
      expect(one.lab.hosts[0]?.machine).not.toBe(two.lab.hosts[0]?.machine);
    } finally {
      await other.end();
    }
  });

  it('refuses to start the same lab twice at once', async () => {
    const outcomes = await Promise.allSettled([own.bringUp(1), own.bringUp(1)]);
    const refused = outcomes
      .filter((outcome) => outcome.status === 'rejected')
      .map((outcome): unknown => outcome.reason);
    expect(refused).toEqual([expect.objectContaining({ code: 'PD6006', exitCode: 3 })]);
  });

  it('leaves alone an inventory that somebody wrote, and starts nothing', async () => {
    await mkdir(dirname(own.inventory), { recursive: true });
    await writeFile(own.inventory, 'hosts: {}\n');
    await expect(own.bringUp(1)).rejects.toMatchObject({ code: 'PD6007', exitCode: 3 });
    expect(await readFile(own.inventory, 'utf8')).toBe('hosts: {}\n');
    expect(await leftovers(own.name)).toEqual([]);
  });
});
