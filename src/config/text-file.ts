import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Problem } from '../errors.ts';
import { CODE } from './codes.ts';
import { decodeUtf8, MAX_BYTES } from './yaml/text.ts';

export type TextFile =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: Problem; readonly missing: boolean };

/** Reads a small UTF-8 file. Devices, pipes and folders are refused: they may never end. */
export async function readTextFile(path: string, shown: string): Promise<TextFile> {
  try {
    // Opening a pipe would otherwise wait for a writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return failed(CODE.unreadable, `${shown} is not a file`);
      if (stats.size > MAX_BYTES)
        return failed(CODE.tooLarge, `${shown} is larger than 1 MiB`, 'split the inventory');
      const text = decodeUtf8(await handle.readFile());
      if (text === undefined) return failed(CODE.notText, `${shown} is not UTF-8 text`);
      return { ok: true, text };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return {
      ...failed(CODE.unreadable, `${shown} cannot be read: ${reasonOf(error)}`),
      missing: isMissing(error),
    };
  }
}

function failed(code: string, message: string, hint?: string) {
  const problem = hint === undefined ? { code, message } : { code, message, hint };
  return { ok: false, problem, missing: false } as const;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** Why a file cannot be read, in words that have nothing of what is in it. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return code;
  }
}
