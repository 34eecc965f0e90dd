import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';

import { RECIPE, type Recipe, recipeKey } from './base-recipe.ts';
import { LAB_CODE, labRefused } from './errors.ts';
import { mountsBelow } from './mounts.ts';
import { cacheDirectory } from './paths.ts';
import { processAt } from './process-id.ts';
import { run } from './run.ts';

const BUILD_LIMIT_MS = 15 * 60_000;
const DRAFT = /^draft-(\d+)-/;

function bootstrapArgs(recipe: Recipe, target: string): readonly string[] {
  // The hooks are constants of the recipe: no word in them comes from outside.
  const hooks = recipe.commands.map((words) => `--customize-hook=chroot "$1" ${words.join(' ')}`);
  return [
    '--variant=minbase',
    `--include=${recipe.packages.join(',')}`,
    ...recipe.dpkgOptions.map((option) => `--dpkgopt=${option}`),
    ...hooks,
    recipe.suite,
    target,
  ];
}

async function customise(recipe: Recipe, root: string): Promise<void> {
  for (const path of recipe.removed) await rm(join(root, path), { force: true });
  for (const path of recipe.directories) await mkdir(join(root, path), { recursive: true });
  for (const [path, { text, mode }] of recipe.files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    await chmod(join(root, path), mode);
  }
  const units = join(root, 'etc/systemd/system');
  for (const unit of recipe.masked) {
    await rm(join(units, unit), { force: true });
    await symlink('/dev/null', join(units, unit));
  }
}

/** Removes what builds left that were killed. */
async function removeOldDrafts(cache: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    const pid = DRAFT.exec(entry)?.[1];
    if (pid === undefined || (await processAt(Number(pid))) !== undefined) continue;
    const path = join(cache, entry);
    if ((await mountsBelow(path)).length === 0) await rm(path, { recursive: true, force: true });
  }
}

async function build(recipe: Recipe, cache: string, target: string): Promise<void> {
  await removeOldDrafts(cache);
  const draft = await mkdtemp(join(cache, `draft-${process.pid}-`));
  try {
    await chmod(draft, 0o755);
    const root = join(draft, 'root');
    const made = await run('mmdebstrap', bootstrapArgs(recipe, root), { timeoutMs: BUILD_LIMIT_MS });
    if (made.code !== 0) {
      const log = join(cache, 'build.log');
      await writeFile(log, made.stdout + made.stderr);
      const said = made.stderr
        .split('\n')
        .filter((line) => /^(E|Err|error)/i.test(line))
        .slice(-3);
      throw labRefused(
        LAB_CODE.baseImage,
        `The base image could not be built: ${said.join(' ') || 'see the log'}`,
        `The whole log: ${log}`,
      );
    }
    await customise(recipe, root);
    await rename(root, target).catch((error: unknown) => {
      // Another process was faster with the same recipe; its image is as good.
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * The directory of the base image; builds it when it is not in the cache.
 * @throws RefusedError PD6004
 */
export async function ensureBaseImage(progress: (line: string) => void, recipe = RECIPE): Promise<string> {
  const cache = cacheDirectory();
  const target = join(cache, `base-${recipeKey(recipe, arch())}`);
  if (
    await stat(target).then(
      (found) => found.isDirectory(),
      () => false,
    )
  )
    return target;
  await mkdir(cache, { recursive: true });
  progress(`building the base image, Debian ${recipe.suite} (once, about a minute)`);
  await build(recipe, cache, target);
  return target;
}
