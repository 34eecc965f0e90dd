import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, writeSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { encryptFile, type Recipient } from './age.ts';
import { SECRETS_FOLDER } from './files.ts';
import { noteSealed } from './sealed.ts';

/** Encrypts a text to a file, which is the old one or the new one whatever happens, and notes for whom. */
export async function writeAge(
  project: string,
  file: string,
  plain: string,
  recipients: readonly Recipient[],
): Promise<void> {
  const sealed = await encryptFile(Buffer.from(plain, 'utf8'), recipients);
  mkdirSync(dirname(file), { recursive: true });
  const next = `${file}.${process.pid}.tmp`;
  const handle = openSync(next, 'w', 0o644);
  try {
    writeSync(handle, sealed);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(next, file);
  noteSealed(project, file, sealed, recipients);
}

/** Files below `secrets/`, relative to the project, in order. */
export function filesOfSecrets(project: string): readonly string[] {
  try {
    return readdirSync(join(project, SECRETS_FOLDER), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(project, join(entry.parentPath, entry.name)))
      .sort((a, b) => (a < b ? -1 : 1));
  } catch {
    return [];
  }
}
