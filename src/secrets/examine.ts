import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../config/text-file.ts';
import type { Problem } from '../errors.ts';
import { countRecipients, decryptFile } from './age.ts';
import { contentProblems, countSecrets } from './content.ts';
import { readAge } from './files.ts';
import { readIdentities } from './identities.ts';
import { type Person, personText, RECIPIENTS } from './recipients.ts';
import { sealedFor } from './sealed.ts';
import type { Surroundings } from './wanted.ts';

/** What is wrong with a file below `secrets/`, and how many secrets it has. */
export type Examined = { readonly problems: readonly Problem[]; readonly secrets: number };

/** Whether it is encrypted for those who are in `.recipients`, opens, and is right in itself. @param file relative to the project */
export async function examineAge(
  file: string,
  people: readonly Person[],
  around: Surroundings,
): Promise<Examined> {
  const at = { file, line: 1, col: 1 };
  const plain = await readAge(file, around);
  const others = await peopleProblem(file, people, around);
  const told =
    others === undefined ? [] : [{ code: 'PD2147', at, hint: 'pdeploy secrets rekey', message: others }];
  if (typeof plain !== 'string') return { problems: [{ ...plain, at }, ...told], secrets: 0 };
  return { problems: [...told, ...contentProblems(plain, file)], secrets: countSecrets(plain, file) };
}

/** What lies in the folder and is neither encrypted nor known to be harmless. */
export function examineClear(file: string, project: string): Examined {
  const at = { file, line: 1, col: 1 };
  const problem = (code: string, message: string, hint?: string): Examined => ({
    problems: [{ code, message, at, ...(hint === undefined ? {} : { hint }) }],
    secrets: 0,
  });
  if (!/\.(ya?ml|json|env|key|pem|txt)$/.test(file)) return { problems: [], secrets: 0 };
  try {
    if (/^sops:|"sops":/m.test(readFileSync(join(project, file), 'utf8')))
      return { problems: [], secrets: 0 };
  } catch (error) {
    return problem('PD2142', `cannot read it: ${reasonOf(error)}`);
  }
  return problem('PD2149', 'not encrypted', `pdeploy secrets encrypt ${file}, then remove it`);
}

/** For whom a file is, and should not be, or the other way round; by the record of who wrote it, else as far as age tells. */
async function peopleProblem(
  file: string,
  people: readonly Person[],
  around: Surroundings,
): Promise<string | undefined> {
  let raw: Buffer;
  try {
    raw = readFileSync(join(around.project, file));
  } catch {
    return undefined;
  }
  const named = sealedFor(around.project, file, raw);
  if (named !== undefined) return difference(named, people);
  const count = await countRecipients(raw);
  if (count === undefined) return undefined;
  if (count !== people.length)
    return `encrypted for ${count}, ${RECIPIENTS} has ${people.length}; for whom age does not tell of a file that another program wrote`;
  return await ownProblem(raw, people, around);
}

function difference(named: readonly string[], people: readonly Person[]): string | undefined {
  const missing = people.filter((person) => !named.includes(person.text));
  const former = named.filter((text) => !people.some((person) => person.text === text));
  if (missing.length === 0 && former.length === 0) return undefined;
  return [
    ...(missing.length === 0 ? [] : [`not encrypted for ${missing.map(personText).join(', ')}`]),
    ...(former.length === 0
      ? []
      : [
          `encrypted for ${former.map((text) => personText({ text, whose: '' })).join(', ')}, not in ${RECIPIENTS}`,
        ]),
  ].join('; ');
}

/** Of as many people as it should be for, one is known to be wrong: this user, when only a key that is not in the list opens it. */
async function ownProblem(
  raw: Buffer,
  people: readonly Person[],
  around: Surroundings,
): Promise<string | undefined> {
  const own = await readIdentities(around);
  if (own.kind === 'failure') return undefined;
  const strangers = own.list.filter((one) => !people.some((person) => person.text === one.recipient.text));
  for (const one of strangers) {
    if ((await decryptFile(raw, [one])).kind === 'ok') return difference([one.recipient.text], []);
  }
  return undefined;
}
