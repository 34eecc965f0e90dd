import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AGENT_PARTS, finish, readPart } from '../../../src/host/assemble.ts';
import { parseReply, type Reply } from '../../../src/host/reply.ts';
import { type AgentRequest, agentRequest, type Field } from '../../../src/host/request.ts';
import { packTarBuffer, type TarEntry } from '../../../src/host/tar.ts';

/** The shells that a host may have as /bin/sh. */
export const SHELLS: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ['dash', ['dash']],
  ['bash', ['bash', '--posix']],
  ['busybox', ['busybox', 'sh']],
];

/** An agent that believes that a temporary directory is the root of its host. systemctl is a stub. */
export type LocalAgent = {
  readonly root: string;
  readonly call: (request: AgentRequest) => Reply;
  /** The arguments that the agent is called with from now on; none at first. */
  readonly as: (...args: string[]) => void;
  readonly raw: (input: string | Buffer) => { readonly stdout: string; readonly stderr: string };
  readonly header: (verb: string, lines: readonly string[], opId?: string) => Reply;
  /** Runs shell text after the functions were defined, instead of the dispatch. */
  readonly eval: (
    text: string,
    input?: string,
  ) => { readonly stdout: string; readonly status: number | null };
  readonly read: (path: string) => string;
  readonly end: () => void;
};

export function localAgent(shell: readonly string[]): LocalAgent {
  const root = mkdtempSync(join(tmpdir(), 'pdeploy-agent-'));
  for (const dir of [
    'etc/systemd/system',
    'run/systemd/system.control',
    'opt/pdeploy',
    'var/lib/pdeploy',
    'bin',
  ])
    mkdirSync(join(root, dir), { recursive: true });
  writeFileSync(join(root, 'etc/os-release'), 'ID=test\nPRETTY_NAME="Test OS 1"\n');
  stub(root, 'systemctl', 'exit 0');
  stub(root, 'systemd-run', 'exit 0');
  stub(root, 'systemd-analyze', 'exit 0');
  const parts = AGENT_PARTS.map(readPart);
  const prologue = (parts[0] ?? '')
    .replace(/^ROOT=$/m, `ROOT=${root}`)
    .replace(/^PATH=.*$/m, `PATH=${root}/bin:/usr/sbin:/usr/bin:/sbin:/bin`);
  const script = finish([prologue, ...parts.slice(1)].join(''));
  const functions = finish([prologue, ...parts.slice(1, -1)].join(''));
  const file = join(root, 'agent.sh');
  writeFileSync(file, script.text);
  const [command = 'sh', ...args] = shell;
  let called: readonly string[] = [];
  const run = (path: string, input: string | Buffer) => {
    const ran = spawnSync(command, [...args, path, ...called], { input, encoding: 'utf8', timeout: 20_000 });
    return { stdout: ran.stdout, stderr: ran.stderr, status: ran.status };
  };
  const raw = (input: string | Buffer) => run(file, input);
  const withSha = (header: string) => header.replace(/^pdeploy 1 \S+/, `pdeploy 1 ${script.sha256}`);
  return {
    root,
    as: (...words) => {
      called = words;
    },
    raw,
    call: (request) => {
      const { payload } = request;
      const tar =
        payload !== 'none' && 'entries' in payload
          ? packTarBuffer(inMemory(payload.entries))
          : Buffer.alloc(0);
      return parseReply(raw(Buffer.concat([Buffer.from(withSha(request.header)), tar])).stdout, request.opId);
    },
    header: (verb, lines, opId = 'op-1') => {
      const text = ['pdeploy 1 x', `op ${opId}`, `verb ${verb}`, ...lines, 'payload none', 'end', ''].join(
        '\n',
      );
      return parseReply(raw(Buffer.from(withSha(text), 'latin1')).stdout, opId);
    },
    eval: (text, input = '') => {
      const path = join(root, 'eval.sh');
      writeFileSync(path, `${functions.text}\n${text}\ntrap - EXIT\n`);
      return run(path, input);
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    end: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A request with fields that the encoders would not make. */
export function anyRequest(verb: Parameters<typeof agentRequest>[0], fields: readonly Field[]): AgentRequest {
  return agentRequest(verb, 'op-1', fields);
}

function stub(root: string, name: string, text: string): void {
  const path = join(root, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

function inMemory(entries: readonly TarEntry[]) {
  return entries.filter((entry) => 'content' in entry);
}
