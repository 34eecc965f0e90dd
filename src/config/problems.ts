import type { Position, Problem } from '../errors.ts';
import { count } from './show.ts';

/** What a person sees when their input is wrong; ends with `2 problems. Nothing was contacted.` and a newline. */
export function renderProblems(problems: readonly Problem[]): string {
  const lines = problems.flatMap((problem) => renderOne('error', problem));
  return [...lines, `${count(problems.length, 'problem')}. Nothing was contacted.`, ''].join('\n');
}

/** The same look for what is only worth knowing; empty when there is nothing. */
export function renderWarnings(warnings: readonly Problem[]): string {
  return warnings
    .flatMap((warning) => renderOne('note', warning))
    .map((line) => `${line}\n`)
    .join('');
}

function renderOne(kind: 'error' | 'note', problem: Problem): readonly string[] {
  const lines = [`${kind} ${problem.code}: ${problem.message}`];
  if (problem.at !== undefined) lines.push(`  ${where(problem, problem.at)}`);
  if (problem.excerpt !== undefined) lines.push(...problem.excerpt.split('\n'));
  if (problem.hint === undefined) return lines;
  const carets = problem.excerpt === undefined ? undefined : lines.pop();
  lines.push(carets === undefined ? `  ${problem.hint}` : `${carets} ${problem.hint}`);
  return lines;
}

function where(problem: Problem, at: Position): string {
  const place = `${at.file}:${at.line}:${at.col}`;
  if (problem.also === undefined) return problem.path === undefined ? place : `${place}  ${problem.path}`;
  const others = problem.also.map((other) => {
    const file = other.at.file === at.file ? '' : other.at.file;
    return `${file}:${other.at.line}:${other.at.col} ${other.name}`;
  });
  return `${place} ${problem.path ?? ''}, also ${others.join(', ')}`;
}
