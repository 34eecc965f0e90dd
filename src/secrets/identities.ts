import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../config/text-file.ts';
import { rememberSecret } from '../util/redact.ts';
import { type Identity, parseIdentity } from './age.ts';
import { type Failure, failure, type Identities, type Surroundings } from './wanted.ts';

/** The file with the keys that open files of secrets. */
export function identityFile({ env, home }: Pick<Surroundings, 'env' | 'home'>): string {
  return env.PDEPLOY_AGE_KEY_FILE || join(env.XDG_CONFIG_HOME || join(home, '.config'), 'pdeploy', 'age.key');
}

/** Reads it: a line each, as age-keygen writes it. Nobody else may be able to read the file. */
export async function readIdentities(
  around: Pick<Surroundings, 'env' | 'home'>,
): Promise<Identities | Failure> {
  const file = identityFile(around);
  let text: string;
  try {
    const { mode } = statSync(file);
    if ((mode & 0o077) !== 0)
      return failure('PD2143', `others may read the age key ${file}`, `chmod 600 ${file}`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return failure(
      'PD2143',
      `no age key: ${file}: ${reasonOf(error)}`,
      'PDEPLOY_AGE_KEY_FILE names another file; pdeploy secrets keygen makes a key',
    );
  }
  const list: Identity[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const identity = await parseIdentity(line.trim());
    if (identity === undefined)
      return failure(
        'PD2143',
        `${file}:${index + 1} is not an age key`,
        'a line begins with AGE-SECRET-KEY-1; keys of SSH and those with a passphrase are not read',
      );
    rememberSecret(line, '<secret age key>');
    list.push(identity);
  }
  return list.length === 0
    ? failure('PD2143', `there is no age key in ${file}`)
    : { kind: 'identities', list, file };
}
