import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { expandPath } from '../config/paths.ts';
import { reasonOf } from '../config/text-file.ts';
import { type Problem, UsageError } from '../errors.ts';
import { type SecretSource, secretName, sourceText } from '../model/secret-source.ts';
import { canonicalJson } from '../util/digest.ts';
import { Secret } from '../util/secret.ts';
import { type SecretFiles, secretFiles } from './files.ts';
import { runProgram } from './run-program.ts';
import { readVault } from './vault.ts';
import { type Failure, failure, type Surroundings, type Text, type Wanted } from './wanted.ts';

const MAX_BYTES = 1 << 20;

/** The secret of a source, once all were resolved. */
export type Secrets = (source: SecretSource) => Secret;

/**
 * Gets all secrets, each source once. Nothing else may have been contacted before.
 * @throws UsageError PD2136 (too short), PD2141 (not there), PD2142 (file), PD2143 (no age key), PD2144 (empty), PD2145
 * (program), PD2146 (Vault), with all problems and where each is written
 */
export async function resolveSecrets(wanted: readonly Wanted[], around: Surroundings): Promise<Secrets> {
  const files = secretFiles(around);
  const found = new Map<string, Secret>();
  const problems: Problem[] = [];
  const first = new Map(wanted.toReversed().map((one) => [canonicalJson(one.source), one]));
  for (const [key, one] of [...first].reverse()) {
    const got = checked(await textOf(one.source, around, files), one.source);
    if (got instanceof Secret) found.set(key, got);
    else problems.push(problemOf(got, one));
  }
  if (problems.length > 0) throw new UsageError(problems);
  return (source) => {
    const secret = found.get(canonicalJson(source));
    if (secret === undefined) throw new Error(`the secret ${secretName(source)} was not resolved`);
    return secret;
  };
}

function checked(got: Text | Failure, source: SecretSource): Secret | Failure {
  if (got.kind === 'failure') return got;
  if (got.text.trim() === '') return failure('PD2144', `${sourceText(source)} is empty`);
  try {
    return new Secret(secretName(source), got.text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return failure(error.code, error.message, error.hint);
  }
}

function problemOf({ code, message, hint }: Failure, { what, at }: Wanted): Problem {
  return {
    code,
    message: `secret for ${what}: ${message}`,
    ...(at === undefined ? {} : { at }),
    ...(hint === undefined ? {} : { hint }),
  };
}

async function textOf(
  source: SecretSource,
  around: Surroundings,
  files: SecretFiles,
): Promise<Text | Failure> {
  switch (source.kind) {
    case 'named':
      return files.named(source.name);
    case 'age':
    case 'sops':
      return files.keyed(source.kind, source.file, source.key);
    case 'env': {
      const value = around.env[source.variable];
      return value === undefined
        ? failure('PD2141', `${source.variable} is not set in the environment`)
        : { kind: 'text', text: value };
    }
    case 'file':
      return readFile(source.path, around);
    case 'exec': {
      const said = await runProgram(source.argv, { cwd: around.project, env: around.env });
      return typeof said === 'string' ? { kind: 'text', text: withoutLineEnd(said) } : said;
    }
    case 'vault':
      return readVault(source.path, source.key, around);
  }
}

function readFile(path: string, { project, home }: Surroundings): Text | Failure {
  try {
    const file = resolve(project, expandPath(path, home, project));
    const stats = statSync(file);
    if (!stats.isFile()) return failure('PD2142', `${path} is not a file`);
    if (stats.size > MAX_BYTES) return failure('PD2142', `${path} is larger than 1 MiB`);
    return { kind: 'text', text: withoutLineEnd(readFileSync(file, 'utf8')) };
  } catch (error) {
    return failure('PD2141', `cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** The line end that programs and editors put behind a text of one line is not part of it. */
function withoutLineEnd(text: string): string {
  return /^[^\n]*\r?\n$/.test(text) ? text.trimEnd() : text;
}
