import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { uncut } from '../../src/lab/faults.ts';
import { inside } from '../../src/lab/inside.ts';
import { type LabHost, labHost } from '../../src/lab/lab-state.ts';
import type { Event } from '../../src/model/event.ts';
import type { SharedLab } from '../shared-labs.ts';
import { type FleetOptions, hostsInventory } from './inventory.ts';
import { hasFaults, lab } from './lab-file.ts';
import { type Ran, type Started, watch } from './process.ts';

const PDEPLOY = fileURLToPath(new URL('../../bin/pdeploy', import.meta.url));
/** One test lets a program stand still for the two minutes of a lease. */
const RUN_LIMIT_MS = 170_000;

export type FleetHost = SharedLab['hosts'][number];

/** One operator's checkout: a directory with an inventory, a state of its own and a name to act under. */
export type Project = {
  readonly dir: string;
  /** Runs pdeploy to its end. */
  readonly pdeploy: (...args: string[]) => Promise<Ran>;
  readonly start: (...args: string[]) => Started;
  /** The same on a terminal of its own; its direct child is pdeploy. Killed, the terminal is closed. */
  readonly startOnTerminal: (...args: string[]) => ChildProcess;
  /** The same with its standard output and error in these open files. */
  readonly startInto: (files: readonly [number, number], ...args: string[]) => Started;
  /** The same with PDEPLOY_FAILPOINT set. */
  readonly startFailing: (failpoint: string, ...args: string[]) => Started;
  /**
   * A rollout of the reference service with short times; more flags and variables follow. `workers=N` makes another
   * release of it.
   */
  readonly rollout: (label: string, ...args: string[]) => Promise<Ran>;
  readonly rolloutArgs: (label: string, ...args: string[]) => string[];
  /** Writes a file below the project. */
  readonly write: (path: string, text: string) => string;
  readonly events: (deployment?: string) => Promise<readonly Event[]>;
};

/** A project on the first hosts of the shared lab; nothing of an earlier test is left on them. */
export type Fleet = Project & {
  readonly hosts: readonly FleetHost[];
  readonly reference: SharedLab['reference'];
  readonly knownHosts: string;
  /** Brings a release onto all hosts at once, as the starting point of a test. */
  readonly install: (label: string, ...args: string[]) => Promise<void>;
  /** Another operator with a checkout of his own of the same inventory. */
  readonly colleague: (name: string) => Project;
  readonly ssh: (host: string, script: string) => Promise<Ran>;
  /** Runs a program on a host without its network or its sshd. */
  readonly inside: (host: string, ...argv: string[]) => Promise<string>;
  /** Runs a program on this machine. */
  readonly local: (...argv: string[]) => Promise<Ran>;
  readonly labHost: (host: string) => Promise<LabHost>;
  /** Main processes of an instance on every host, by systemd's word. They tell whether anybody restarted it. */
  readonly mainPids: (instance?: string) => Promise<readonly string[]>;
  /** The releases that really answer over HTTP, '' where nothing does. */
  readonly answers: (port?: number) => Promise<readonly string[]>;
  readonly end: () => Promise<void>;
};

export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const all = lab();
  process.env.XDG_STATE_HOME = all.stateHome;
  const hosts = all.hosts.slice(0, options.hosts);
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-e2e-'));
  const running = new Set<ChildProcess>();
  const project = (name: string): Project => openProject(join(dir, name), name, all, hosts, options, running);
  const ssh = (host: string, script: string): Promise<Ran> => sshTo(all, addressOf(hosts, host), script);
  const ofLab = (host: string): Promise<LabHost> => labHost(all.name, host);
  const own = project('tester');
  await Promise.all(hosts.map((h) => wipe(h.name, ssh)));
  return {
    ...own,
    hosts,
    reference: all.reference,
    knownHosts: all.knownHosts,
    install: async (label, ...args) => {
      const ran = await own.rollout(label, '--wave', '100%', ...args);
      if (ran.code !== 0) throw new Error(`${label} could not be installed:\n${ran.text}`);
    },
    colleague: project,
    ssh,
    inside: async (host, ...argv) => (await inside(await ofLab(host), argv)).stdout,
    local: (file, ...args) => watch(spawn(file ?? '', args), { limitMs: RUN_LIMIT_MS }).done,
    labHost: ofLab,
    mainPids: (instance = '1') =>
      Promise.all(
        hosts.map(async (h) =>
          (await ssh(h.name, `systemctl show -P MainPID edge@${instance}.service`)).stdout.trim(),
        ),
      ),
    answers: (port = 6188) => Promise.all(hosts.map((h) => answer(h.address, port))),
    end: async () => {
      for (const child of running) child.kill('SIGKILL');
      for (const h of hosts) await uncut(await ofLab(h.name));
      await Promise.all(hosts.map((h) => wipe(h.name, ssh)));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The release that a service says it is, '' when nothing answers. */
export async function answer(address: string, port: number): Promise<string> {
  try {
    const got = await fetch(`http://${address}:${port}/`, {
      signal: AbortSignal.timeout(2_000),
      headers: { connection: 'close' },
    });
    return got.headers.get('x-release') ?? '';
  } catch {
    return '';
  }
}

function openProject(
  dir: string,
  actor: string,
  all: SharedLab,
  hosts: readonly FleetHost[],
  options: FleetOptions,
  running: Set<ChildProcess>,
): Project {
  const write = (path: string, text: string): string => {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  write('inventories/lab.yaml', hostsInventory(all, hosts, options));
  const env: NodeJS.ProcessEnv = { ...process.env, XDG_CACHE_HOME: join(dir, 'cache'), PDEPLOY_ACTOR: actor };
  delete env.CI;
  const run = (file: string, args: readonly string[], options: SpawnOptions): ChildProcess => {
    const child = spawn(file, args, { cwd: dir, env, stdio: 'pipe', ...options });
    running.add(child);
    child.on('close', () => running.delete(child));
    return child;
  };
  const follow = (args: readonly string[], options: SpawnOptions): Started =>
    watch(run(process.execPath, [PDEPLOY, ...args], options), { limitMs: RUN_LIMIT_MS });
  const startFailing = (failpoint: string, ...args: string[]): Started =>
    follow(args, failpoint === '' ? {} : { env: { ...env, PDEPLOY_FAILPOINT: failpoint } });
  const start = (...args: string[]): Started => startFailing('', ...args);
  const pdeploy = (...args: string[]): Promise<Ran> => start(...args).done;
  const rolloutArgs = (label: string, ...args: string[]): string[] => {
    const given = (flag: string, value: string): string[] => (args.includes(flag) ? [] : [flag, value]);
    return [
      ...['rollout', '-i', 'lab', '--yes', '--release', label],
      ...given('--min-healthy-time', '500ms'),
      ...given('--healthy-deadline', '8s'),
      // Caddy's configuration has no such number.
      ...(hasFaults() ? args : args.map((a) => a.replace(/^workers=/, 'grace_seconds='))),
    ];
  };
  return {
    dir,
    pdeploy,
    start,
    startFailing,
    startInto: ([stdout, stderr], ...args) => follow(args, { stdio: ['ignore', stdout, stderr] }),
    startOnTerminal: (...args) => {
      const words = [process.execPath, PDEPLOY, ...args].map((word) => `'${word}'`).join(' ');
      const child = run('script', ['-qfc', `stty cols 100 rows 30; exec ${words}`, '/dev/null'], {});
      child.stdout?.resume();
      child.stderr?.resume();
      return child;
    },
    write,
    rolloutArgs,
    rollout: (label, ...args) => pdeploy(...rolloutArgs(label, ...args)),
    events: async (deployment) => {
      const which = deployment === undefined ? [] : [deployment];
      const ran = await pdeploy('report', ...which, '--output', 'jsonl');
      const lines = ran.stdout.trim().split('\n');
      return lines.map((line) => JSON.parse(line) as Event);
    },
  };
}

function addressOf(hosts: readonly FleetHost[], name: string): string {
  const host = hosts.find((h) => h.name === name);
  if (host === undefined) throw new Error(`${name} is not part of this fleet`);
  return host.address;
}

function sshTo(all: SharedLab, address: string, script: string): Promise<Ran> {
  const options = [
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${all.knownHosts}`,
    'StrictHostKeyChecking=yes',
    'BatchMode=yes',
    'LogLevel=ERROR',
    'ConnectTimeout=5',
  ];
  const flags = ['-F', 'none', '-i', all.key, ...options.flatMap((o) => ['-o', o])];
  const child = spawn('ssh', [...flags, `root@${address}`, 'sh -s'], { stdio: 'pipe' });
  return watch(child, { input: script, limitMs: RUN_LIMIT_MS }).done;
}

async function wipe(host: string, ssh: (host: string, script: string) => Promise<Ran>): Promise<void> {
  const done = await ssh(
    host,
    `systemctl stop 'edge@*' 'pdeploy-guard-*' 'stray-*' 2>/dev/null; systemctl reset-failed 2>/dev/null
     rm -rf /opt/pdeploy /var/lib/pdeploy /run/pdeploy /var/lib/edge /var/log/edge \\
       /etc/systemd/system/edge@* /etc/systemd/system/*.wants/edge@* /run/systemd/system.control/edge@* \\
       /run/systemd/transient/edge@* /etc/tmpfiles.d/pdeploy-* /etc/sysusers.d/pdeploy-* \\
       /etc/logrotate.d/pdeploy-* /etc/sysctl.d/90-pdeploy-*
     sysctl -q -w net.ipv4.ip_unprivileged_port_start=1024
     systemctl daemon-reload`,
  );
  if (done.code !== 0) throw new Error(`${host} could not be wiped: ${done.text}`);
}
