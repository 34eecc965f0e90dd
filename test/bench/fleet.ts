import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { addressIn } from '../../src/lab/address.ts';
import { down } from '../../src/lab/down.ts';
import { up } from '../../src/lab/up.ts';
import { type CpuMeter, cpuMeter } from './cpu.ts';
import { say } from './say.ts';
import { UPSTREAM_BODY } from './work.ts';

/** The lab hosts that all tools work on, one after the other. */
export type Fleet = {
  readonly dir: string;
  readonly inventory: string;
  readonly hosts: readonly { readonly name: string; readonly address: string }[];
  readonly key: string;
  readonly knownHosts: string;
  /** HOST:PORT of a small server on this machine that the hosts can reach. */
  readonly upstream: string;
  readonly meter: CpuMeter;
  /** Runs a script as root on every host, over connections that no tool can use. @throws when one fails */
  readonly everywhere: (script: string, input?: string | Buffer) => Promise<readonly string[]>;
  readonly end: () => Promise<void>;
};

export async function openFleet(dir: string, count: number): Promise<Fleet> {
  const name = `bench-${process.pid}`;
  const project = join(dir, 'project');
  mkdirSync(join(project, 'inventories'), { recursive: true });
  const inventory = join(project, 'inventories', 'lab.yaml');
  const { lab } = await up({
    name,
    hosts: count,
    prefix: 'edge',
    instances: 1,
    inventoryFile: inventory,
    progress: () => undefined,
  });
  const hosts = lab.hosts.map((h) => ({ name: h.name, address: h.address }));
  say(`lab ${name}: ${hosts.length} hosts are up`);
  const { key, knownHosts } = lab.paths;
  const server = await serveUpstream(addressIn(lab.record.subnet, 1));
  const meter = cpuMeter(lab.paths.id);
  const ssh = ['-F', 'none', '-i', key, ...sshOptions(knownHosts).flatMap((o) => ['-o', o])];
  return {
    dir: project,
    inventory,
    hosts,
    key,
    knownHosts,
    upstream: server.at,
    meter,
    everywhere: (script, input) =>
      Promise.all(
        hosts.map((h) =>
          run(
            'ssh',
            [...ssh, `root@${h.address}`, input === undefined ? 'sh -s' : script],
            input ?? script,
            h.name,
          ),
        ),
      ),
    end: async () => {
      server.close();
      await meter.end();
      await down(name);
    },
  };
}

export function sshOptions(knownHosts: string): readonly string[] {
  return [
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'StrictHostKeyChecking=yes',
    'BatchMode=yes',
    'LogLevel=ERROR',
  ];
}

/** ssh_config of the script: what a careful person turns on for speed. */
export function writeSshConfig(fleet: Fleet, file: string): void {
  const lines = [
    'Host *',
    '  User root',
    `  IdentityFile ${fleet.key}`,
    ...sshOptions(fleet.knownHosts).map((o) => `  ${o.replace('=', ' ')}`),
    '  Ciphers aes128-gcm@openssh.com',
    '  ControlMaster auto',
    '  ControlPersist 60',
    `  ControlPath ${file}.%C`,
    ...fleet.hosts.flatMap((h) => [`Host ${h.name}`, `  HostName ${h.address}`]),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
}

function serveUpstream(address: string): Promise<{ readonly at: string; readonly close: () => void }> {
  const server = createServer((_request, response) => response.end(UPSTREAM_BODY));
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, address, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      resolve({ at: `${address}:${port}`, close: () => server.close() });
    });
  });
}

function run(file: string, args: readonly string[], input: string | Buffer, who: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${who}: ended with ${code}: ${stderr.trim()}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
