import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { type Position, type Problem, UsageError } from '../errors.ts';

/** A path as the user would write it. */
export function displayPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short === '' || short.startsWith('..') ? file : short;
}

/** Where in a playbook an error came from, with the line; nothing when the stack does not name the file. */
export function placeOf(error: unknown, file: string): Pick<Problem, 'at' | 'excerpt'> {
  const lines = (error instanceof Error ? (error.stack ?? '') : '').split('\n');
  const index = lines.findIndex((line) => fileOf(line) === file);
  const line = /:(\d+):\d+\)?$/.exec(lines[index] ?? '')?.[1];
  if (line === undefined) return {};
  // What the playbook called there: the caret goes below it.
  const called = /^\s+at (?:\w+\.)?(\w+) \(/.exec(lines[index - 1] ?? '')?.[1];
  return excerpt(file, Number(line), called);
}

function fileOf(frame: string): string | undefined {
  const path = /^\s+at (?:.*\()?(?:file:\/\/)?(\/[^()]+?):\d+:\d+\)?$/.exec(frame)?.[1];
  return path === undefined ? undefined : resolve(path);
}

/** The line and a caret line below it; the caret is under the call of `word` when the line has one. */
export function excerpt(
  file: string,
  line: number,
  word?: string,
  col?: number,
): Pick<Problem, 'at' | 'excerpt'> {
  const text = readLine(file, line);
  const found = word === undefined ? -1 : text.search(new RegExp(`\\b${word}\\b`));
  // The loader keeps lines but not columns: without a better guess, the first character of the line.
  const start = col !== undefined ? col - 1 : found >= 0 ? found : Math.max(0, text.search(/\S/));
  const width = found >= 0 && col === undefined ? (word?.length ?? 1) : 1;
  const at: Position = { file: displayPath(file), line, col: start + 1 };
  if (text === '') return { at };
  const number = String(line).padStart(5);
  return {
    at,
    excerpt: `${number} | ${text}\n${' '.repeat(number.length)} | ${' '.repeat(start)}${'^'.repeat(width)}`,
  };
}

function readLine(file: string, line: number): string {
  try {
    return (readFileSync(file, 'utf8').split('\n')[line - 1] ?? '').replaceAll('\t', ' ');
  } catch {
    return '';
  }
}

/** The same problems with the place in the playbook they came from; any other error becomes one of the playbook. */
export function located(error: unknown, file: string, code: string, doing: string): UsageError {
  const place = placeOf(error, file);
  if (error instanceof UsageError)
    return new UsageError(
      error.problems.map((problem) => (problem.at === undefined ? { ...problem, ...place } : problem)),
    );
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new UsageError([{ code, message: `${displayPath(file)}: ${doing}: ${said}`, ...place }]);
}
