import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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

/** Keeps what has a key in it closed to others, where the project can: by age. */
export type Seal = {
  readonly seal: (text: string) => Promise<string>;
  readonly open: (raw: Buffer) => Promise<string>;
};

/** What certificate authorities have given to a project. */
export type CertificateStores = {
  readonly of: (name: string) => CertificateStore;
  /** The key of the account with a CA; made when there is none. */
  readonly account: (url: string, make: () => Promise<string>) => Promise<string>;
};

/** @param directory state directory of the project */
export function certificateStores(directory: string, seal?: Seal): CertificateStores {
  const folder = join(directory, 'certs');
  return {
    of: (name) => certificateStore(join(folder, name), seal),
    account: async (url, make) => {
      const accounts = join(folder, 'accounts');
      const file = `${sha256(url).slice(0, 16)}.pem`;
      const known = await unseal(accounts, file, seal);
      if (known !== undefined) return known;
      const key = await make();
      await keep(accounts, file, key, seal);
      return key;
    },
  };
}

function certificateStore(folder: string, seal: Seal | undefined): CertificateStore {
  return {
    current: () => unseal(folder, 'current.pem', seal),
    save: (pem) => keep(folder, 'current.pem', pem, seal),
    state: async () => {
      const text = await read(join(folder, 'state.json'));
      return text === undefined ? NEW : { ...NEW, ...(JSON.parse(text.toString()) as Partial<IssueState>) };
    },
    note: (state) => write(folder, 'state.json', `${JSON.stringify(state)}\n`),
  };
}

/** The sealed file is the newer one wherever both are there. */
async function unseal(folder: string, file: string, seal: Seal | undefined): Promise<string | undefined> {
  const sealed = seal === undefined ? undefined : await read(join(folder, `${file}.age`));
  if (seal !== undefined && sealed !== undefined) return await seal.open(sealed);
  return (await read(join(folder, file)))?.toString();
}

async function keep(folder: string, file: string, text: string, seal: Seal | undefined): Promise<void> {
  if (seal === undefined) return await write(folder, file, text);
  await write(folder, `${file}.age`, await seal.seal(text));
  await rm(join(folder, file), { force: true });
}

async function read(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
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
