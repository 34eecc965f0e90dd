import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { fromBech32, toBech32 } from './bech32.ts';

/** Who a file is encrypted to: an X25519 public key, 32 bytes, and its text `age1...`. */
export type Recipient = { readonly text: string; readonly key: Buffer };

/** Who can read files. Its text begins with `AGE-SECRET-KEY-1` and is a secret. */
export type Identity = { readonly privateKey: KeyObject; readonly recipient: Recipient };

const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const SECRET_PREFIX = 'age-secret-key-';

/** `age1...`; undefined when it is not the public key of an age identity (keys of SSH and plugins are not known). */
export function parseRecipient(text: string): Recipient | undefined {
  const key = text === text.toLowerCase() ? fromBech32('age', text) : undefined;
  return key?.length === 32 ? { text, key } : undefined;
}

/** `AGE-SECRET-KEY-1...`; undefined when it is not one. */
export function parseIdentity(text: string): Identity | undefined {
  const raw = text === text.toUpperCase() ? fromBech32(SECRET_PREFIX, text) : undefined;
  return raw?.length === 32 ? identityOf(raw) : undefined;
}

/** A new identity and its text, which belongs into a file that nobody else can read. */
export function generateIdentity(): { readonly identity: Identity; readonly text: string } {
  const { privateKey } = generateKeyPairSync('x25519');
  const raw = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  return { identity: identityOf(raw), text: toBech32(SECRET_PREFIX, raw).toUpperCase() };
}

/** @throws Error when the result is all zero, which no honest key makes (RFC 7748, 6.1) */
export function sharedSecret(privateKey: KeyObject, publicKey: Uint8Array): Buffer {
  const other = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' });
  const shared = diffieHellman({ privateKey, publicKey: other });
  if (shared.every((byte) => byte === 0)) throw new Error('the shared secret is zero');
  return shared;
}

function identityOf(raw: Buffer): Identity {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, raw]), format: 'der', type: 'pkcs8' });
  const key = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { privateKey, recipient: { text: toBech32('age', key), key } };
}
