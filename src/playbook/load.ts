import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { nearest } from '../config/did-you-mean.ts';
import { typeName } from '../config/explain-issue.ts';
import { PdeployError, UsageError } from '../errors.ts';
import type { Playbook } from '../model/playbook.ts';
import { sha256 } from '../util/digest.ts';
import { displayPath, excerpt, located } from './locate.ts';

export type LoadedPlaybook = {
  readonly playbook: Playbook;
  /** Absolute path. */
  readonly file: string;
  /** Of the file alone; what it imports and its templates count through the releases they make. */
  readonly sha256: string;
};

type Api = typeof import('../index.ts');

/**
 * Loads a playbook. `import ... from 'pdeploy'` in it, and in what it imports, is this very installation, wherever the
 * file lies; types are not checked (`tsc` does that), values are.
 * @throws UsageError PD2101 (no such file), PD2102 (does not compile), PD2103 (failed when loaded), PD2104 (wrong
 * export), PD2105 (wrong definition); with file, line and column
 */
export async function loadPlaybook(path: string): Promise<LoadedPlaybook> {
  const file = resolve(path);
  const text = readPlaybook(file);
  const [{ createJiti }, api] = await Promise.all([import('jiti'), import('../index.ts')]);
  const jiti = createJiti(file, {
    fsCache: cacheDirectory(),
    // A playbook that was edited must be read again within one process.
    moduleCache: false,
    interopDefault: false,
    virtualModules: { pdeploy: api },
  });
  let module: { readonly default?: unknown };
  // The compiler inside changes both for good: every exception after it would cost five times as much.
  const { stackTraceLimit, prepareStackTrace } = Error;
  try {
    module = await jiti.import<{ default?: unknown }>(file);
  } catch (error) {
    throw failedToLoad(error, file, api);
  } finally {
    Object.assign(Error, { stackTraceLimit, prepareStackTrace });
  }
  const playbook = module.default;
  if (!api.isPlaybook(playbook)) throw wrongExport(module, file);
  return { playbook: bound(playbook, file), file, sha256: sha256(text) };
}

function readPlaybook(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw UsageError.of('PD2101', `cannot read the playbook ${displayPath(file)}: ${reason}`);
  }
}

/** Ties a playbook to its file: templates are looked for beside it, and errors name the line. */
function bound(playbook: Playbook, file: string): Playbook {
  return {
    ...playbook,
    steps: (ctx) => {
      try {
        return playbook.steps({ ...ctx, directory: dirname(file) });
      } catch (error) {
        if (error instanceof PdeployError && !(error instanceof UsageError)) throw error;
        throw located(error, file, 'PD2107', 'steps() failed');
      }
    },
  };
}

function failedToLoad(error: unknown, file: string, api: Api): UsageError {
  const said = error instanceof Error ? error.message : String(error);
  const syntax = /ParseError: (.*?)\s*\n?\s*(\/[^\n]+):(\d+):(\d+)\s*$/s.exec(said);
  if (syntax !== null) {
    const [, why = '', where = file, line = '1', col = '0'] = syntax;
    // The parser counts columns from 0.
    return new UsageError([
      {
        code: 'PD2102',
        message: `${displayPath(where)} does not compile: ${why.trim().replace(/\.$/, '')}`,
        ...excerpt(where, Number(line), undefined, Number(col) + 1),
      },
    ]);
  }
  const missing = /^\(0 , _pdeploy\.(\w+)\) is not a function/.exec(said)?.[1];
  if (missing !== undefined) {
    const near = nearest(missing, Object.keys(api));
    const message = `'pdeploy' exports no "${missing}"${near === undefined ? '' : `, did you mean "${near}"?`}`;
    return new UsageError([{ code: 'PD2103', message, ...wordPlace(file, missing) }]);
  }
  const absent = /^Cannot find module '([^']+)'/.exec(said)?.[1];
  if (absent !== undefined)
    return new UsageError([
      {
        code: 'PD2103',
        message: `${displayPath(file)} imports "${absent.startsWith('/') ? displayPath(absent) : absent}", which does not exist`,
        ...wordPlace(file, absent),
      },
    ]);
  return located(error, file, 'PD2103', 'failed while it was loaded');
}

/** The first line that holds a text, for errors whose stack does not name the playbook. */
function wordPlace(file: string, word: string): ReturnType<typeof excerpt> {
  const lines = readPlaybook(file).split('\n');
  const last = word.split('/').at(-1) ?? word;
  const index = lines.findIndex((line) => line.includes(last));
  return index < 0 ? {} : excerpt(file, index + 1, undefined, (lines[index]?.indexOf(last) ?? 0) + 1);
}

function wrongExport(module: { readonly default?: unknown }, file: string): UsageError {
  const name = displayPath(file);
  const hint = 'end the file with: export default definePlaybook({ ... })';
  if (module.default !== undefined)
    return UsageError.of(
      'PD2104',
      `${name}: the default export is not a playbook but ${article(typeName(module.default))}`,
      hint,
    );
  const names = Object.keys(module).filter((key) => key !== '__esModule');
  const found = names.length === 0 ? 'nothing' : names.map((n) => `"${n}"`).join(', ');
  return UsageError.of('PD2104', `${name} has no default export; it exports ${found}`, hint);
}

function article(noun: string): string {
  return noun === 'null' ? noun : /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function cacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base !== undefined && base !== '' ? base : join(homedir(), '.cache'), 'pdeploy', 'playbooks');
}
