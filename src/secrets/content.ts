import type { Problem } from '../errors.ts';
import { leaves, readTree } from './tree.ts';

const SHORTEST = 6;

/** What is wrong with the decrypted text of a file of secrets; nothing of the text is told but names. */
export function contentProblems(text: string, file: string): readonly Problem[] {
  const tree = readTree(text, file);
  if (tree.kind === 'fault')
    return [{ code: 'PD2142', message: tree.why, at: tree.at ?? { file, line: 1, col: 1 } }];
  return leaves(tree.value).flatMap(([name, value]): readonly Problem[] => {
    const why =
      value === null || (typeof value === 'string' && value.trim() === '')
        ? { code: 'PD2144', message: `${name} is empty` }
        : typeof value !== 'string'
          ? { code: 'PD2142', message: `${name} is not a text: put it in quotes` }
          : [...value.trim()].length < SHORTEST
            ? { code: 'PD2136', message: `${name} has less than ${SHORTEST} characters` }
            : undefined;
    return why === undefined ? [] : [{ ...why, at: { file, ...placeOf(text, name) } }];
  });
}

export function countSecrets(text: string, file: string): number {
  const tree = readTree(text, file);
  return tree.kind === 'tree' ? leaves(tree.value).length : 0;
}

/** Where the last part of a dotted name stands first; good enough to find it. */
function placeOf(text: string, name: string): { readonly line: number; readonly col: number } {
  const last = name.split('.').at(-1) ?? name;
  const lines = text.split('\n');
  const index = lines.findIndex((line) => line.trimStart().startsWith(`${last}:`));
  return { line: Math.max(index, 0) + 1, col: Math.max(lines[index]?.indexOf(last) ?? 0, 0) + 1 };
}
