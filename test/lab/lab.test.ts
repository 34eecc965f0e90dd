import { readdir, readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { boot } from '../../src/lab/boot.ts';
import { cut, heal, isCut, partition, uncut } from '../../src/lab/faults.ts';
import { hostProcesses } from '../../src/lab/host-process.ts';
import { inside } from '../../src/lab/inside.ts';
import { type Lab, type LabHost, labHost } from '../../src/lab/lab-state.ts';
import { powerCut, shutdown } from '../../src/lab/power.ts';
import { hasBanner } from '../../src/lab/ready.ts';
import { run } from '../../src/lab/run.ts';
import { sshArgs } from '../../src/lab/ssh.ts';
import { status } from '../../src/lab/status.ts';
import { type OwnLab, ownLab } from './own-lab.ts';

let own: OwnLab;
let lab: Lab;
let first: LabHost;
let second: LabHost;

beforeAll(async () => {
  own = await ownLab();
  ({ lab } = await own.bringUp(2));
  first = await labHost(own.name, 'edge-01');
  second = await labHost(own.name, 'edge-02');
});

afterAll(async () => {
  await own.end();
});

async function initPid(host: LabHost): Promise<number | undefined> {
  return (await hostProcesses(host))?.init?.pid;
}

async function text(host: LabHost, ...args: readonly string[]): Promise<string> {
  const result = await inside(host, args);
  expect(result, args.join(' ')).toMatchObject({ code: 0 });
  return result.stdout.trim();
}

/** How a new TCP connection to sshd ends: the error's code, `open`, or `silence` after the limit. */
function dial(host: LabHost, limitMs = 700): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: host.address, port: 22 });
    const finish = (outcome: string) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(limitMs, () => finish('silence'));
    socket.once('connect', () => finish('open'));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}

describe('up', () => {
  it('writes an inventory with the hosts, zones, instances and the paths ssh needs', async () => {
    const inventory: unknown = parse(await readFile(own.inventory, 'utf8'));
    expect(inventory).toEqual({
      defaults: { user: 'root', port: 22, identity: lab.paths.key, known_hosts: lab.paths.knownHosts },
      groups: { edge: { hosts: ['edge-01', 'edge-02'] } },
      hosts: {
        'edge-01': { address: first.address, zone: 'a', region: 'lab' },
        'edge-02': { address: second.address, zone: 'b', region: 'lab' },
      },
      services: {
        edge: {
          on: 'edge',
          instances: {
            '1': { port: 6188, admin_port: 6190, metrics_port: 6192 },
            '2': { port: 6198, admin_port: 6200, metrics_port: 6202 },
          },
        },
      },
    });
  });

  it('leaves running hosts alone, and a host that is cut off on purpose too', async () => {
    const before = await Promise.all(lab.hosts.map(initPid));
    await cut(second);
    const again = await own.bringUp(2);
    await uncut(second);
    expect(again.started).toBe(0);
    expect(await Promise.all(lab.hosts.map(initPid))).toEqual(before);
  });

  it('restarts a host that died and leaves its neighbour', async () => {
    const neighbour = await initPid(second);
    await powerCut(first);
    const again = await own.bringUp(2);
    expect(again.started).toBe(1);
    expect(await initPid(first)).toBeGreaterThan(1);
    expect(await initPid(second)).toBe(neighbour);
  });

  it('gives every host its own identity', async () => {
    for (const file of ['/etc/machine-id', '/etc/hostname', '/etc/ssh/ssh_host_ed25519_key.pub']) {
      expect(await text(first, 'cat', file)).not.toBe(await text(second, 'cat', file));
    }
    expect(await text(first, 'hostname')).toBe('edge-01');
  });
});

describe('ssh', () => {
  it.each(['root', 'deploy'])('logs in as %s, believing only the recorded host key', async (user) => {
    const done = await run('ssh', [
      ...(await sshArgs(own.name, `${user}@edge-01`)),
      'id -un; sudo -n id -u; hostname',
    ]);
    expect(done).toEqual({ code: 0, stdout: `${user}\n0\nedge-01\n`, stderr: '' });
  });

  it('refuses a host that shows another key', async () => {
    const args = await sshArgs(own.name, 'edge-01');
    const pretending = args.map((word) => (word === first.address ? second.address : word));
    const swapped = ['-o', `HostKeyAlias=${first.address}`, ...pretending];
    const done = await run('ssh', [...swapped, 'true']);
    expect(done.code).toBe(255);
    expect(done.stderr).toContain('REMOTE HOST IDENTIFICATION HAS CHANGED');
  });
});

describe('a host', () => {
  it('is a quiet, fully booted systemd on cgroup v2', async () => {
    expect(await text(first, 'systemctl', 'is-system-running')).toBe('running');
    expect(await text(first, 'stat', '-f', '-c', '%T', '/sys/fs/cgroup')).toBe('cgroup2fs');
    const timers = await text(first, 'systemctl', 'list-timers', '--no-legend', '--plain');
    expect(timers).toContain('logrotate.timer');
    expect(timers).not.toContain('apt-daily');
  });

  it('runs hardened units', async () => {
    const hardening = [
      'PrivateUsers=yes',
      'ProtectSystem=strict',
      'DynamicUser=yes',
      'PrivateDevices=yes',
      'NoNewPrivileges=yes',
      'SystemCallFilter=@system-service',
      'RestrictNamespaces=yes',
      'ProtectKernelTunables=yes',
    ];
    const probe = [
      '/bin/sh',
      '-c',
      'id -u; touch /etc/x 2>&1; ls /dev/sd* /dev/vd* 2>/dev/null; grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status',
    ];
    const words = await text(
      first,
      'systemd-run',
      '--quiet',
      '--pipe',
      '--wait',
      ...hardening.flatMap((p) => ['-p', p]),
      ...probe,
    );
    expect(words).toContain('Read-only file system');
    expect(words).not.toContain('/dev/vd');
    expect(words).toMatch(/NoNewPrivs:\t1\nSeccomp:\t2/);
    expect(Number.parseInt(words, 10)).toBeGreaterThan(60_000);
  });

  it('does not share the control groups of its units with the other hosts', async () => {
    for (const host of [first, second])
      await text(host, 'systemd-run', '--quiet', '--unit=same', 'sleep', '600');
    // A process of another host would be listed too, with the number 0.
    const members = await text(first, 'cat', '/sys/fs/cgroup/system.slice/same.service/cgroup.procs');
    expect(members).toBe(await text(first, 'systemctl', 'show', '--value', '-p', 'MainPID', 'same.service'));
    await text(first, 'systemctl', 'stop', 'same.service');
    expect(await text(second, 'systemctl', 'is-active', 'same.service')).toBe('active');
    expect((await inside(first, ['systemctl', 'is-active', 'same.service'])).stdout.trim()).not.toBe(
      'active',
    );
    await text(second, 'systemctl', 'stop', 'same.service');
  });

  it('comes back by itself when it is rebooted', async () => {
    const before = await text(first, 'cat', '/proc/sys/kernel/random/boot_id');
    const supervisor = (await hostProcesses(first))?.supervisor;
    await inside(first, ['systemctl', 'reboot']);
    await expect
      .poll(
        async () => (await inside(first, ['cat', '/proc/sys/kernel/random/boot_id'])).stdout.trim() || before,
        { timeout: 30_000 },
      )
      .not.toBe(before);
    await boot(first);
    expect((await hostProcesses(first))?.supervisor).toEqual(supervisor);
  });
});

describe('power', () => {
  it('cut: peers hear nothing, /run is gone, the disk and its journal stay', async () => {
    await text(first, 'sh', '-c', 'echo kept >/var/lib/kept; echo lost >/run/lost');
    const before = await text(first, 'cat', '/proc/sys/kernel/random/boot_id');
    const peer = connect({ host: first.address, port: 22 });
    const heard: string[] = [];
    await new Promise((resolve) => peer.once('data', resolve));
    for (const event of ['data', 'end', 'error', 'close']) peer.on(event, () => heard.push(event));

    await powerCut(first);
    await sleep(300);
    expect(heard).toEqual([]);
    expect(await hostProcesses(first)).toBeUndefined();
    expect((await status(own.name)).hosts[0]).toMatchObject({
      state: 'dead',
      pid: null,
      uptimeSeconds: null,
    });
    peer.destroy();

    await boot(first);
    expect(await text(first, 'cat', '/var/lib/kept')).toBe('kept');
    expect(await inside(first, ['cat', '/run/lost'])).toMatchObject({ code: 1 });
    expect(await text(first, 'cat', '/proc/sys/kernel/random/boot_id')).not.toBe(before);
    expect(await text(first, 'journalctl', '-q', '-b', '-1', '-n', '1', '-o', 'cat')).not.toBe('');
    expect((await status(own.name)).hosts[0]).toMatchObject({ state: 'running', network: 'up' });
  });

  it('shutdown: units are stopped in order', async () => {
    const stop = "ExecStop=/bin/sh -c 'echo stopped >/var/lib/stopped'";
    await text(first, 'systemd-run', '--quiet', '--unit=orderly', '-p', stop, 'sleep', '600');
    await shutdown(first);
    expect(await hostProcesses(first)).toBeUndefined();
    await boot(first);
    expect(await text(first, 'cat', '/var/lib/stopped')).toBe('stopped');
  });
});

describe('network faults', () => {
  it('cut: the host runs on, unheard, and keeps its address', async () => {
    await cut(second);
    expect(await isCut(second)).toBe(true);
    expect(await dial(second)).toMatch(/silence|EHOSTUNREACH/);
    expect(await text(second, 'ip', '-4', '-br', 'addr', 'show', 'host0')).toContain(second.address);
    await uncut(second);
    expect(await isCut(second)).toBe(false);
    expect(await hasBanner(second.address, 3_000)).toBe(true);
  });

  it.each([
    { direction: 'in', kind: 'drop', outcome: 'silence' },
    { direction: 'out', kind: 'drop', outcome: 'silence' },
    { direction: 'both', kind: 'drop', outcome: 'silence' },
    { direction: 'in', kind: 'rst', outcome: 'ECONNREFUSED' },
    { direction: 'both', kind: 'rst', outcome: 'ECONNREFUSED' },
  ] as const)('partition $direction $kind: a client meets $outcome', async ({ direction, kind, outcome }) => {
    await partition(second, { direction, kind });
    const met = await dial(second);
    await heal(second);
    expect(met).toBe(outcome);
    expect(await dial(second)).toBe('open');
  });

  it('partition of some ports leaves the others', async () => {
    await partition(second, { direction: 'in', kind: 'drop', ports: [6188] });
    expect(await dial(second)).toBe('open');
    await heal(second);
    await heal(second);
  });
});

describe('the state directory', () => {
  it('keeps the key to its owner and one directory for each host', async () => {
    expect((await stat(lab.paths.key)).mode & 0o777).toBe(0o600);
    expect((await readdir(lab.paths.hosts)).sort()).toEqual(['edge-01', 'edge-02']);
  });
});
