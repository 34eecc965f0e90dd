import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** A minisign public key; `id` as minisign prints it. Format: https://jedisct1.github.io/minisign/. */
export type MinisignKey = { readonly id: string; readonly key: KeyObject };

/** A signature file, decoded and not yet checked. `keyId` as minisign prints it. */
export type Minisignature = {
  readonly keyId: string;
  readonly signature: Buffer;
  /** What the signer says of the file; signed too, by `global`. */
  readonly trustedComment: string;
  readonly global: Buffer;
};

/** Far more than minisign writes; whoever serves one must not fill the memory. */
export const SIGNATURE_MAX_BYTES = 4096;

const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');
const TRUSTED = 'trusted comment: ';

/** The base64 line of a public key; undefined when it is none. */
export function parseMinisignKey(text: string): MinisignKey | undefined {
  const raw = /^RW[A-Za-z0-9+/]{54}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (raw === undefined) return undefined;
  const key = createPublicKey({
    key: Buffer.concat([SPKI_ED25519, raw.subarray(10)]),
    format: 'der',
    type: 'spki',
  });
  return { id: keyId(raw), key };
}

/**
 * The four lines of a signature file, or in words what is wrong with them. The old algorithm, which signs the file and
 * not its digest (`minisign -l`), is refused: a host would need the whole file in memory to check it.
 */
export function parseMinisignature(text: string): Minisignature | string {
  const [untrusted = '', line = '', trusted = '', last = '', ...rest] = text.replace(/\n$/, '').split('\n');
  if (!/^[ -~\n\t]*$/.test(text)) return 'it holds characters that a signature does not have';
  if (!untrusted.startsWith('untrusted comment: ') || !trusted.startsWith(TRUSTED) || rest.length > 0)
    return 'it is not the four lines that minisign writes';
  const raw = base64(line);
  const global = base64(last);
  if (raw?.length !== 74 || global?.length !== 64) return 'it is damaged';
  const algorithm = raw.toString('latin1', 0, 2);
  if (algorithm === 'Ed') return 'it is in the old format: sign again without -l';
  if (algorithm !== 'ED') return 'it is of an algorithm that is not known here';
  return {
    keyId: keyId(raw),
    signature: raw.subarray(10),
    trustedComment: trusted.slice(TRUSTED.length),
    global,
  };
}

/**
 * @param blake2b512 digest of the signed file
 * @returns undefined when both signatures are good, else in words what is not
 */
export function minisignProblem(
  signed: Minisignature,
  key: MinisignKey,
  blake2b512: Uint8Array,
): string | undefined {
  if (signed.keyId !== key.id) return `it was made with key ${signed.keyId}, and ${key.id} is required`;
  if (!verify(null, blake2b512, key.key, signed.signature)) return 'it is not the signature of this file';
  const commented = Buffer.concat([signed.signature, Buffer.from(signed.trustedComment, 'utf8')]);
  if (!verify(null, commented, key.key, signed.global)) return 'its trusted comment was changed';
  return undefined;
}

function base64(line: string): Buffer | undefined {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(line) ? Buffer.from(line, 'base64') : undefined;
}

/** After the two letters of the algorithm: eight bytes, shown as a number. */
function keyId(raw: Buffer): string {
  return raw.readBigUInt64LE(2).toString(16).toUpperCase().padStart(16, '0');
}
