import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { decryptFile, encryptFile } from './age.ts';
import { readIdentities } from './identities.ts';
import { RECIPIENTS, readRecipients } from './recipients.ts';
import type { Surroundings } from './wanted.ts';

export type AgeSeal = {
  readonly seal: (text: string) => Promise<string>;
  readonly open: (raw: Buffer) => Promise<string>;
};

/**
 * Closes texts for those who can open the secrets of a project; undefined where the project names nobody.
 * Both functions throw UsageError: PD2143 without an age key, PD2147 for recipients that cannot be read.
 */
export function ageSeal(around: Surroundings): AgeSeal | undefined {
  if (!existsSync(join(around.project, RECIPIENTS))) return undefined;
  return {
    seal: async (text) => encryptFile(Buffer.from(text), await readRecipients(around.project)),
    open: async (raw) => {
      const identities = await readIdentities(around);
      if (identities.kind === 'failure')
        throw UsageError.of(identities.code, identities.message, identities.hint);
      const opened = await decryptFile(raw, identities.list);
      if (opened.kind === 'ok') return opened.plain.toString('utf8');
      throw UsageError.of('PD2143', `what a CA has issued cannot be opened with ${identities.file}`);
    },
  };
}
