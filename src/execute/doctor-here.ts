import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { type Check, fail, ok, warn } from '../model/check.ts';
import type { Host } from '../model/host.ts';
import { runLocal } from './local-command.ts';

const TIMEOUT_MS = 5_000;
const MIB = 2 ** 20;
const LEAST_FREE = 100 * MIB;
const FOR_OTHERS = 0o077;

/** Checks of this machine. Changes nothing. @param state directory of the record; it need not exist yet */
export async function examineHere(input: {
  readonly project: string;
  readonly state: string;
  readonly hosts: readonly Host[];
  readonly env: NodeJS.ProcessEnv;
}): Promise<readonly Check[]> {
  const files = [...new Set(input.hosts.flatMap((host) => host.connection.identities))];
  return [
    ok('node', process.version),
    await ssh(input.env),
    record(input.state),
    ...(await Promise.all(files.map((file) => key(file, input.project)))),
  ];
}

async function ssh(env: NodeJS.ProcessEnv): Promise<Check> {
  const { code, output } = await runLocal(['ssh', '-V'], { timeoutMs: TIMEOUT_MS, env });
  if (code === 0) return ok('ssh', output.trim());
  return warn(
    'ssh',
    'there is no ssh: ssh_config is not read, and certificates and security keys cannot be used',
  );
}

/** Tried without writing: SQLite would leave files behind. */
function record(directory: string): Check {
  let there = directory;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(there);
    if (bavail * bsize < LEAST_FREE)
      return warn('record', `${directory}: ${Math.floor((bavail * bsize) / MIB)} MiB free`);
    return ok('record', directory);
  } catch (error) {
    return fail('record', `${directory} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** A private key has to be its owner's alone, and must not get into the repository of the project. */
async function key(file: string, project: string): Promise<Check> {
  let mode: number;
  try {
    mode = statSync(file).mode & 0o777;
  } catch (error) {
    return warn('key', `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  if ((mode & FOR_OTHERS) !== 0)
    return fail('key', `${file} can be read by others (${mode.toString(8)}): chmod 600`);
  const inside = relative(project, file);
  if (!inside.startsWith('..')) {
    const at = { timeoutMs: TIMEOUT_MS, cwd: project };
    const { code: isRepository } = await runLocal(['git', 'rev-parse', '--git-dir'], at);
    const { code } = await runLocal(['git', 'check-ignore', '-q', '--', inside], at);
    if (isRepository === 0 && code !== 0) return fail('key', `${inside} is not ignored by git`);
  }
  return ok('key', file);
}
