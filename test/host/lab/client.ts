import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { agentScript } from '../../../src/host/assemble.ts';
import { commandLine } from '../../../src/host/commands.ts';
import { parseReply, type Reply } from '../../../src/host/reply.ts';
import type { AgentRequest } from '../../../src/host/request.ts';
import { packTar, type TarEntry } from '../../../src/host/tar.ts';

type LabFile = {
  readonly name: string;
  readonly key: string;
  readonly knownHosts: string;
  readonly hosts: readonly { readonly name: string; readonly address: string }[];
};

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
export type Answer = Reply & { readonly ms: number; readonly stderr: string };

export type CallOptions = {
  /** Instead of the payload of the request. */
  readonly entries?: readonly TarEntry[];
  /** Called with each line; `cut` ends the connection at once. */
  readonly onLine?: (line: string, cut: () => void) => void;
};

/** A lab host, spoken to over ssh with one kept connection. */
export type Client = {
  readonly lab: string;
  readonly host: string;
  readonly call: (request: AgentRequest, options?: CallOptions) => Promise<Answer>;
  /** The agent with any bytes on standard input. */
  readonly raw: (input: string | Buffer) => Promise<Ran>;
  /** A root shell. */
  readonly sh: (script: string) => Promise<Ran>;
  /** Installs this version of the agent, or another script. */
  readonly install: (script?: string) => Promise<Reply>;
  /** Drops the kept connection, after the host was gone. */
  readonly forget: () => void;
  readonly close: () => void;
};

export function labFile(): LabFile {
  const file = process.env.PDEPLOY_TEST_LAB;
  if (file === undefined) throw new Error('PDEPLOY_TEST_LAB names no lab: run the tests of project lab');
  return JSON.parse(readFileSync(file, 'utf8')) as LabFile;
}

/** @param agent how the agent is called; by default as root does */
export function openClient(index: number, agent = commandLine('agent', false)): Client {
  const lab = labFile();
  const host = lab.hosts[index];
  if (host === undefined) throw new Error(`the lab has no host number ${index}`);
  const dir = mkdtempSync(join(tmpdir(), 'pdeploy-host-'));
  const options = [
    ['IdentitiesOnly', 'yes'],
    ['UserKnownHostsFile', lab.knownHosts],
    ['StrictHostKeyChecking', 'yes'],
    ['BatchMode', 'yes'],
    ['LogLevel', 'ERROR'],
    ['ConnectTimeout', '5'],
    ['ServerAliveInterval', '2'],
    ['ServerAliveCountMax', '2'],
    ['ControlMaster', 'auto'],
    ['ControlPersist', '60'],
    ['ControlPath', join(dir, 'c')],
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const target = ['-F', 'none', '-i', lab.key, ...options, `root@${host.address}`];
  const run = (command: string, input: AsyncIterable<Uint8Array> | Buffer, onLine?: CallOptions['onLine']) =>
    ssh([...target, command], input, onLine);
  const forget = () => {
    spawnSync('ssh', [...target.slice(0, -1), '-O', 'exit', target.at(-1) ?? ''], { stdio: 'ignore' });
  };
  return {
    lab: lab.name,
    host: host.name,
    call: async (request, call = {}) => {
      const begun = performance.now();
      const ran = await run(agent, body(request, call.entries), call.onLine);
      const ms = Math.round(performance.now() - begun);
      return { ...parseReply(ran.stdout, request.opId), ms, stderr: ran.stderr };
    },
    raw: (input) => run(agent, Buffer.from(input)),
    sh: (script) => run('sh -s', Buffer.from(script)),
    install: async (script = agentScript().text) => {
      const ran = await run(commandLine('install-agent', false), Buffer.from(script));
      return parseReply(ran.stdout, 'install');
    },
    forget,
    close: () => {
      forget();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function* body(request: AgentRequest, entries?: readonly TarEntry[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(request.header);
  if (entries !== undefined) yield* packTar(entries);
  else if (request.payload !== 'none' && 'entries' in request.payload)
    yield* packTar(request.payload.entries);
}

function ssh(
  args: readonly string[],
  input: AsyncIterable<Uint8Array> | Buffer,
  onLine?: CallOptions['onLine'],
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', args, { stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    let seen = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      for (let end = stdout.indexOf('\n', seen); end >= 0; end = stdout.indexOf('\n', seen)) {
        onLine?.(stdout.slice(seen, end), () => child.kill('SIGKILL'));
        seen = end + 1;
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.stdin.on('error', () => undefined);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    Readable.from(Buffer.isBuffer(input) ? [input] : input).pipe(child.stdin);
  });
}
