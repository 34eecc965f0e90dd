import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

export type KeyKind = 'ed25519' | 'ecdsa' | 'rsa';

export type TestKey = {
  readonly file: string;
  /** `ssh-ed25519 AAAA...` */
  readonly publicLine: string;
  readonly blob: Buffer;
  /** As ssh-keygen tells it. */
  readonly fingerprint: string;
};

export async function makeKey(
  dir: string,
  name: string,
  kind: KeyKind = 'ed25519',
  passphrase = '',
): Promise<TestKey> {
  const file = join(dir, name);
  // Small and with one round of its key derivation: these keys guard nothing.
  const cheap = ['-a', '1', ...(kind === 'rsa' ? ['-b', '2048'] : [])];
  await exec('ssh-keygen', ['-q', '-t', kind, ...cheap, '-N', passphrase, '-C', name, '-f', file]);
  const [type = '', encoded = ''] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
  const told = await exec('ssh-keygen', ['-l', '-f', `${file}.pub`]);
  return {
    file,
    publicLine: `${type} ${encoded}`,
    blob: Buffer.from(encoded, 'base64'),
    fingerprint: told.stdout.split(' ')[1] ?? '',
  };
}
