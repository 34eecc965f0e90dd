import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Problem, UsageError } from '../errors.ts';
import { parseRecipient, type Recipient } from './age.ts';
import { SECRETS_FOLDER } from './files.ts';

/** Who can open the files of secrets of a project: a public key a line, as `age -R` takes it; `#` begins a comment line. */
export const RECIPIENTS = `${SECRETS_FOLDER}/.recipients`;

/** A recipient of `.recipients`, and the comment above it, '' when there is none. */
export type Person = Recipient & { readonly whose: string };

/** `ada (age1abcdefgh...)` */
export function personText({ text, whose }: Person): string {
  const short = `${text.slice(0, 12)}...`;
  return whose === '' ? short : `${whose} (${short})`;
}

/** @throws UsageError PD2147 when there is no such file, nobody in it, or a line that is no key */
export async function readRecipients(project: string): Promise<readonly Person[]> {
  if (!existsSync(join(project, RECIPIENTS)))
    throw UsageError.of(
      'PD2147',
      `there is no ${RECIPIENTS}, which says who can open secrets`,
      'pdeploy secrets keygen makes your key and writes it there',
    );
  const found = new Map<string, Person>();
  const problems: Problem[] = [];
  const lines = readFileSync(join(project, RECIPIENTS), 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const recipient = await parseRecipient(line.trim());
    const whose = /^# *(.*?) *$/.exec(lines[index - 1] ?? '')?.[1] ?? '';
    if (recipient !== undefined) found.set(recipient.text, { ...recipient, whose });
    else
      problems.push({
        code: 'PD2147',
        message: 'not the public key of an age identity',
        at: { file: RECIPIENTS, line: index + 1, col: 1 },
        hint: 'a line is age1 and 58 more characters; keys of SSH and of plugins are not known',
      });
  }
  if (problems.length > 0) throw new UsageError(problems);
  if (found.size === 0) throw UsageError.of('PD2147', `there is nobody in ${RECIPIENTS}`);
  return [...found.values()];
}

/** @returns whether the key was not there before */
export function addRecipient(project: string, recipient: Recipient, whose: string): boolean {
  const file = join(project, RECIPIENTS);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (before.split('\n').some((line) => line.trim() === recipient.text)) return false;
  mkdirSync(dirname(file), { recursive: true });
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  writeFileSync(file, `${before}${gap}# ${whose}\n${recipient.text}\n`);
  return true;
}
