import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../src/util/digest.ts';

/** A key pair of Debian's minisign, in a directory of the caller's. */
export type Signer = {
  /** The line of the public key file that a playbook and a policy take. */
  readonly publicKey: string;
  /** Writes FILE.minisig and gives its text. `flags`: `-l` for the old format. */
  readonly sign: (file: string, comment: string, ...flags: string[]) => string;
  /** Signs a content that is in no file yet, as a release of a service has to be. */
  readonly signContent: (content: Uint8Array | string, facts: Partial<Facts>) => string;
};

export type Facts = {
  readonly service: string;
  readonly version: string;
  readonly target: string;
  readonly sha256: string;
};

export const MACHINE = spawnSync('uname', ['-m'], { encoding: 'utf8' }).stdout.trim();

export function comment(facts: Facts): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

export function newSigner(dir: string, name: string): Signer {
  const secret = join(dir, `${name}.key`);
  minisign('-G', '-W', '-f', '-p', join(dir, `${name}.pub`), '-s', secret);
  const sign = (file: string, text: string, ...flags: string[]): string => {
    minisign('-S', '-s', secret, '-m', file, '-t', text, ...flags);
    return readFileSync(`${file}.minisig`, 'utf8');
  };
  return {
    publicKey:
      readFileSync(join(dir, `${name}.pub`), 'utf8')
        .trim()
        .split('\n')
        .at(-1) ?? '',
    sign,
    signContent: (content, facts) => {
      const file = join(dir, `${name}.content`);
      writeFileSync(file, content);
      const all = { service: 'svc', version: '1.0.0', target: MACHINE, sha256: sha256(content), ...facts };
      return sign(file, comment(all));
    },
  };
}

function minisign(...args: string[]): void {
  const ran = spawnSync('minisign', args, { encoding: 'utf8', timeout: 10_000 });
  if (ran.status !== 0) throw new Error(`minisign ${args[0]}: ${ran.error?.message ?? ran.stderr}`);
}
