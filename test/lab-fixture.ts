import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

type LabFile = {
  readonly name: string;
  readonly key: string;
  readonly knownHosts: string;
  readonly hosts: readonly { readonly name: string; readonly address: string }[];
};

export type LabResult = { readonly code: number | null; readonly stdout: Buffer; readonly stderr: string };
export type LabHost = {
  readonly name: string;
  readonly address: string;
  /** Runs a shell script as root on the host; the script is sent on stdin. */
  readonly run: (script: string) => Promise<LabResult>;
};

const FILE = process.env.PDEPLOY_TEST_LAB;

/** Hosts of the lab that `PDEPLOY_TEST_LAB` names; none when the variable is not set. */
export function labHosts(): readonly LabHost[] {
  if (FILE === undefined || FILE === '') return [];
  const lab = JSON.parse(readFileSync(FILE, 'utf8')) as LabFile;
  return lab.hosts.map((host) => ({ ...host, run: (script) => ssh(lab, host.address, script) }));
}

/** One host by name, or the first. */
export function labHost(name?: string): LabHost | undefined {
  return labHosts().find((host) => name === undefined || host.name === name);
}

function ssh(lab: LabFile, address: string, script: string): Promise<LabResult> {
  const options = [
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${lab.knownHosts}`,
    'StrictHostKeyChecking=yes',
    'BatchMode=yes',
    'LogLevel=ERROR',
  ];
  const args = [
    '-F',
    'none',
    '-i',
    lab.key,
    ...options.flatMap((option) => ['-o', option]),
    `root@${address}`,
    'sh -s',
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }),
    );
    child.stdin.end(script);
  });
}
