import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { fromUnpadded, type Header, readHeader, type Stanza, unpadded, writeStanzas } from './header.ts';
import { type Identity, type Recipient, sharedSecret } from './keys.ts';

/** `no-key`: none of the identities is a recipient; `broken`: it is no file of age, or not as it was written. */
export type Decrypted =
  | { readonly kind: 'ok'; readonly plain: Buffer }
  | { readonly kind: 'no-key' }
  | { readonly kind: 'broken'; readonly why: string };

const CIPHER = 'chacha20-poly1305';
const CHUNK = 64 * 1024;
const TAG = 16;
const X25519 = 'age-encryption.org/v1/X25519';
const ARMOR =
  /^-----BEGIN AGE ENCRYPTED FILE-----\r?\n([A-Za-z0-9+/=\r\n]*)-----END AGE ENCRYPTED FILE-----\s*$/;

/**
 * A file as the program age writes and reads it, in armor (text): https://c2sp.org/age, with X25519 recipients.
 * node:crypto has all that it is made of.
 */
export function encryptFile(plain: Uint8Array, recipients: readonly Recipient[]): string {
  const fileKey = randomBytes(16);
  const covered = writeStanzas(recipients.map((recipient) => wrap(fileKey, recipient)));
  const nonce = randomBytes(16);
  const file = Buffer.concat([
    Buffer.from(`${covered} ${unpadded(macOf(fileKey, covered))}\n`),
    nonce,
    ...sealed(derive(fileKey, nonce, 'payload'), plain),
  ]);
  const lines = file.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN AGE ENCRYPTED FILE-----', ...lines, '-----END AGE ENCRYPTED FILE-----', ''].join('\n');
}

/** Reads a file in armor or as it is. */
export function decryptFile(raw: Buffer, identities: readonly Identity[]): Decrypted {
  const file = withoutArmor(raw);
  const header = readHeader(file);
  if (typeof header === 'string') return { kind: 'broken', why: header };
  const fileKey = unwrapAny(header, identities);
  if (fileKey === undefined) return { kind: 'no-key' };
  if (!timingSafeEqual(macOf(fileKey, header.covered), header.mac))
    return { kind: 'broken', why: 'its header was changed' };
  const payload = file.subarray(header.end);
  const plain =
    payload.length < 16
      ? undefined
      : opened(derive(fileKey, payload.subarray(0, 16), 'payload'), payload.subarray(16));
  return plain === undefined ? { kind: 'broken', why: 'it was changed or cut' } : { kind: 'ok', plain };
}

/** How many recipients a file has; undefined when it is no file of age. */
export function countRecipients(raw: Buffer): number | undefined {
  const header = readHeader(withoutArmor(raw));
  return typeof header === 'string' ? undefined : header.stanzas.filter((s) => s.args[0] === 'X25519').length;
}

function withoutArmor(raw: Buffer): Buffer {
  const text = raw.toString('latin1').trimStart();
  return text.startsWith('-----BEGIN') ? Buffer.from(ARMOR.exec(text)?.[1] ?? '', 'base64') : raw;
}

function wrap(fileKey: Buffer, recipient: Recipient): Stanza {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const share = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const key = derive(sharedSecret(privateKey, recipient.key), Buffer.concat([share, recipient.key]), X25519);
  return { args: ['X25519', unpadded(share)], body: seal(key, Buffer.alloc(12), fileKey) };
}

function unwrapAny(header: Header, identities: readonly Identity[]): Buffer | undefined {
  for (const { args, body } of header.stanzas) {
    const share = args.length === 2 && args[0] === 'X25519' ? fromUnpadded(args[1] ?? '') : undefined;
    if (share?.length !== 32 || body.length !== 16 + TAG) continue;
    for (const { privateKey, recipient } of identities) {
      const shared = tried(() => sharedSecret(privateKey, share));
      if (shared === undefined) continue;
      const fileKey = open(
        derive(shared, Buffer.concat([share, recipient.key]), X25519),
        Buffer.alloc(12),
        body,
      );
      if (fileKey !== undefined) return fileKey;
    }
  }
  return undefined;
}

function macOf(fileKey: Buffer, covered: string | Buffer): Buffer {
  return createHmac('sha256', derive(fileKey, Buffer.alloc(0), 'header'))
    .update(covered)
    .digest();
}

function derive(key: Uint8Array, salt: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, 32));
}

/** Chunks, each with its number and whether it is the last in its nonce: none can be left out, added or moved. */
function sealed(key: Buffer, plain: Uint8Array): readonly Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  do {
    const isLast = at + CHUNK >= plain.length;
    chunks.push(seal(key, nonceOf(chunks.length, isLast), plain.subarray(at, at + CHUNK)));
    at += CHUNK;
  } while (at < plain.length);
  return chunks;
}

function opened(key: Buffer, payload: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; at < payload.length || at === 0; at += CHUNK + TAG) {
    const isLast = at + CHUNK + TAG >= payload.length;
    const chunk = open(key, nonceOf(chunks.length, isLast), payload.subarray(at, at + CHUNK + TAG));
    if (chunk === undefined || (chunk.length === 0 && at > 0)) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function nonceOf(chunk: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(chunk, 7);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

function seal(key: Buffer, nonce: Buffer, plain: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, nonce: Buffer, sealedBytes: Buffer): Buffer | undefined {
  if (sealedBytes.length < TAG) return undefined;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG });
  decipher.setAuthTag(sealedBytes.subarray(-TAG));
  return tried(() => Buffer.concat([decipher.update(sealedBytes.subarray(0, -TAG)), decipher.final()]));
}

function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
