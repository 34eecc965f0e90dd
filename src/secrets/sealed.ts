import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { sha256 } from '../util/digest.ts';
import type { Recipient } from './age.ts';
import { SECRETS_FOLDER } from './files.ts';

/**
 * For whom each file was encrypted, which a file of age does not tell: `<sha256 of the file> <file> <recipient>...` a line.
 * What another program has written since has another digest.
 */
const SEALED = `${SECRETS_FOLDER}/.sealed`;

/** Notes for whom a file below `secrets/` was just written. */
export function noteSealed(
  project: string,
  file: string,
  content: string,
  recipients: readonly Recipient[],
): void {
  const path = relative(project, file);
  if (!path.startsWith(`${SECRETS_FOLDER}/`)) return;
  const others = lines(project).filter((line) => line.split(' ')[1] !== path);
  const own = [sha256(content), path, ...recipients.map((r) => r.text).sort()].join(' ');
  const sorted = [...others, own].sort((a, b) =>
    (a.split(' ')[1] ?? '') < (b.split(' ')[1] ?? '') ? -1 : 1,
  );
  writeFileSync(join(project, SEALED), `${sorted.join('\n')}\n`);
}

/** Public keys that a file was encrypted for; undefined when pdeploy did not write it. `file` is relative to the project. */
export function sealedFor(project: string, file: string, raw: Buffer): readonly string[] | undefined {
  const own = lines(project).find((line) => line.startsWith(`${sha256(raw)} ${file} `));
  return own?.split(' ').slice(2);
}

function lines(project: string): readonly string[] {
  try {
    return readFileSync(join(project, SEALED), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
