import { userInfo } from 'node:os';
import { runLocal } from './local-command.ts';

const GIT_TIMEOUT_MS = 5_000;

/** Who acts: the CI's own word when there is one, else the login name. */
export function actor(env: NodeJS.ProcessEnv = process.env): string {
  return (
    env.PDEPLOY_ACTOR ?? env.GITHUB_ACTOR ?? env.GITLAB_USER_LOGIN ?? env.SUDO_USER ?? userInfo().username
  );
}

/** `git describe` of the folder, undefined outside a repository. */
export async function gitDescribe(cwd: string): Promise<string | undefined> {
  const result = await runLocal(['git', 'describe', '--tags', '--always', '--dirty'], {
    timeoutMs: GIT_TIMEOUT_MS,
    cwd,
  });
  const text = result.output.trim();
  return result.code === 0 && text !== '' ? text : undefined;
}

/** `81ac3f2, clean` for the plan's first line; '' outside a repository. */
export async function gitState(cwd: string): Promise<string> {
  const [head, status] = await Promise.all([
    runLocal(['git', 'rev-parse', '--short', 'HEAD'], { timeoutMs: GIT_TIMEOUT_MS, cwd }),
    runLocal(['git', 'status', '--porcelain'], { timeoutMs: GIT_TIMEOUT_MS, cwd }),
  ]);
  if (head.code !== 0) return '';
  return `${head.output.trim()}, ${status.output.trim() === '' ? 'clean' : 'with changes'}`;
}
