import { RefusedError } from '../../errors.ts';
import { runLocal } from '../local-command.ts';

const GIT_TIMEOUT_MS = 30_000;

/** What is built, by the words of git. `commit` is '' outside of a repository. */
export type SourceState = {
  readonly commit: string;
  readonly dirty: boolean;
  /** When the commit was made, in seconds since 1970: what counts as the time of the build. */
  readonly epoch: string;
};

/**
 * The commit of a folder, and that nothing differs from it.
 * @param ignore absolute paths of what a build writes
 * @throws RefusedError PD2703
 */
export async function sourceState(
  folder: string,
  ignore: readonly string[],
  allowDirty: boolean,
): Promise<SourceState> {
  const top = await git(folder, 'rev-parse', '--show-toplevel');
  if (top === undefined) {
    if (allowDirty) return { commit: '', dirty: true, epoch: '0' };
    throw refused(`${folder} is not in a git repository: nobody could tell what the binary was built from`);
  }
  const inside = ignore
    .filter((path) => path.startsWith(`${top}/`))
    .map((path) => path.slice(top.length + 1));
  const excluded = inside.map((path) => `:(top,exclude,literal)${path}`);
  const [commit, epoch, status] = await Promise.all([
    git(top, 'rev-parse', 'HEAD'),
    git(top, 'log', '-1', '--format=%ct'),
    git(top, 'status', '--porcelain', '--', '.', ...excluded),
  ]);
  if (commit === undefined || epoch === undefined) {
    if (allowDirty) return { commit: '', dirty: true, epoch: '0' };
    throw refused(`${top} has no commit yet`);
  }
  const changed = (status ?? '').split('\n').filter((line) => line !== '');
  if (changed.length > 0 && !allowDirty) {
    const some = changed.slice(0, 5).map((line) => line.slice(3));
    const more = changed.length > 5 ? ` and ${changed.length - 5} more` : '';
    throw refused(`${some.join(', ')}${more} in ${top} ${changed.length === 1 ? 'is' : 'are'} not committed`);
  }
  return { commit, dirty: changed.length > 0, epoch };
}

function refused(message: string): RefusedError {
  return new RefusedError('PD2703', message, {
    hint: 'commit it, or build all the same with --allow-dirty; the release then says so',
  });
}

async function git(cwd: string, ...args: readonly string[]): Promise<string | undefined> {
  const done = await runLocal(['git', ...args], { cwd, timeoutMs: GIT_TIMEOUT_MS });
  return done.code === 0 ? done.output.replace(/\n$/, '') : undefined;
}
