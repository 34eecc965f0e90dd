import { readFileSync } from 'node:fs';
import { sha256 } from '../util/digest.ts';

/** Files of `agent/` in the order in which they make up the script. `main` must be last. */
export const AGENT_PARTS = [
  'prologue',
  'frame',
  'check',
  'signature',
  'policy',
  'lease',
  'record',
  'systemd',
  'release',
  'ops',
  'units',
  'sample',
  'probe',
  'guard',
  'handover',
  'observe',
  'queries',
  'inspect',
  'prepare',
  'stage',
  'apply',
  'activate',
  'commit',
  'rollback',
  'status',
  'finish',
  'settle',
  'balancer',
  'drain',
  'recover',
  'install',
  'main',
] as const;

export type AgentScript = {
  /** What `install-agent` reads: a shebang line, a line with the digest, the body. */
  readonly text: string;
  /** sha256 of the body; names the installed file and the version both sides must share. */
  readonly sha256: string;
};

let cached: AgentScript | undefined;

/** The host agent as one POSIX sh script. */
export function agentScript(): AgentScript {
  cached ??= finish(AGENT_PARTS.map(readPart).join(''));
  return cached;
}

/** A script around other text; for tests, which put a root directory or a stub in. */
export function finish(body: string): AgentScript {
  const digest = sha256(body);
  return { text: `#!/bin/sh\nAGENT=${digest}\n${body}`, sha256: digest };
}

/** One part without indentation and the lines that are only comments: less to parse on every call. */
export function readPart(name: string): string {
  const text = readFileSync(new URL(`./agent/${name}.sh`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => `${line}\n`)
    .join('');
}
