import { createHash } from 'node:crypto';

/** `SHA256:...` of a public key as it travels on the wire, the way `ssh-keygen -l` prints it. */
export function fingerprint(keyBlob: Buffer): string {
  return `SHA256:${createHash('sha256').update(keyBlob).digest('base64').replace(/=+$/, '')}`;
}

/** The algorithm a public key names in itself (`ssh-ed25519`); `undefined` when the blob is no key. */
export function keyType(keyBlob: Buffer): string | undefined {
  return sshString(keyBlob, 0)?.toString('latin1');
}

/** The length-prefixed string at `offset`; `undefined` when it does not fit. */
export function sshString(data: Buffer, offset: number): Buffer | undefined {
  if (offset + 4 > data.length) return undefined;
  const end = offset + 4 + data.readUInt32BE(offset);
  return end > data.length ? undefined : data.subarray(offset + 4, end);
}
