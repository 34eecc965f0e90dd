import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../util/digest.ts';

/** What is remembered between two tries to have a certificate issued. Times in milliseconds since the epoch. */
export type IssueState = {
  /** Tries in a row that failed. */
  readonly failures: number;
  /** Not before this time again. */
  readonly retryAt: number;
  readonly lastError: string;
  /** Window that the CA suggested for the renewal, of the certificate with this fingerprint. */
  readonly window?: { readonly fingerprint: string; readonly start: number; readonly end: number };
};

const NEW: IssueState = { failures: 0, retryAt: 0, lastError: '' };

/** One certificate that a CA issued, in the state directory of the project: readable for its owner alone. */
export type CertificateStore = {
  /** PEM of the chain and of the key in one file, so that they change together. */
  readonly current: () => Promise<string | undefined>;
  readonly save: (pem: string) => Promise<void>;
  readonly state: () => Promise<IssueState>;
  readonly note: (state: IssueState) => Promise<void>;
};

export function certificateStore(directory: string, name: string): CertificateStore {
  const folder = join(directory, 'certs', name);
  return {
    current: () => read(join(folder, 'current.pem')),
    save: (pem) => write(folder, 'current.pem', pem),
    state: async () => {
      const text = await read(join(folder, 'state.json'));
      return text === undefined ? NEW : { ...NEW, ...(JSON.parse(text) as Partial<IssueState>) };
    },
    note: (state) => write(folder, 'state.json', `${JSON.stringify(state)}\n`),
  };
}

/** The key of the account with a CA; made when there is none. */
export async function accountKey(
  directory: string,
  url: string,
  make: () => Promise<string>,
): Promise<string> {
  const folder = join(directory, 'certs', 'accounts');
  const file = `${sha256(url).slice(0, 16)}.pem`;
  const known = await read(join(folder, file));
  if (known !== undefined) return known;
  const key = await make();
  await write(folder, file, key);
  return key;
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A reader sees the old or the new file, never half of one. */
async function write(folder: string, file: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${file}.${randomBytes(4).toString('hex')}`);
  await writeFile(temporary, text, { mode: 0o600, flush: true });
  await rename(temporary, join(folder, file));
}
