import { sshString } from './key-blob.ts';

const MAGIC = 'openssh-key-v1\0';

/**
 * The public half of a private key file in OpenSSH's own format, which is readable even when the rest is encrypted.
 * `undefined` for other formats.
 */
export function publicHalf(text: string): Buffer | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1];
  if (body === undefined) return undefined;
  const data = Buffer.from(body, 'base64');
  if (data.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) return undefined;
  let offset = MAGIC.length;
  for (const _ of ['cipher', 'kdf', 'kdf options']) {
    const part = sshString(data, offset);
    if (part === undefined) return undefined;
    offset += 4 + part.length;
  }
  return sshString(data, offset + 4);
}

/** The key of a `.pub` file. */
export function publicKeyOf(line: string): Buffer | undefined {
  const encoded = line.trim().split(/\s+/)[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
}
