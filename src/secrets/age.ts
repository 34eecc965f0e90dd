/** Files of age (https://age-encryption.org), by its author's library, which is loaded with the first of them. */

import type { Stanza } from 'age-encryption';

/** Who a file is encrypted to: `age1...`. */
export type Recipient = { readonly text: string };

/** Who can read files; `text` begins with `AGE-SECRET-KEY-1` and is a secret. */
export type Identity = { readonly text: string; readonly recipient: Recipient };

/** `no-key`: none of the identities is a recipient; `broken`: it is no file of age, or not as it was written. */
export type Decrypted =
  | { readonly kind: 'ok'; readonly plain: Buffer }
  | { readonly kind: 'no-key' }
  | { readonly kind: 'broken'; readonly why: string };

/** X25519 only: the library knows more, and the age of many distributions does not. */
const RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/;
const IDENTITY = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/;

/** `age1...`; undefined when it is not the public key of an age identity (keys of SSH and plugins are not known). */
export async function parseRecipient(text: string): Promise<Recipient | undefined> {
  if (!RECIPIENT.test(text)) return undefined;
  const { Encrypter } = await import('age-encryption');
  try {
    new Encrypter().addRecipient(text);
    return { text };
  } catch {
    return undefined;
  }
}

/** `AGE-SECRET-KEY-1...`; undefined when it is not one. */
export async function parseIdentity(text: string): Promise<Identity | undefined> {
  if (!IDENTITY.test(text)) return undefined;
  const { identityToRecipient } = await import('age-encryption');
  try {
    return { text, recipient: { text: await identityToRecipient(text) } };
  } catch {
    return undefined;
  }
}

/** A new identity. Its text belongs into a file that nobody else can read. */
export async function generateIdentity(): Promise<Identity> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const text = await generateX25519Identity();
  return { text, recipient: { text: await identityToRecipient(text) } };
}

/** In armor, which is text. */
export async function encryptFile(plain: Uint8Array, recipients: readonly Recipient[]): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const { text } of recipients) encrypter.addRecipient(text);
  return `${armor.encode(await encrypter.encrypt(plain)).trimEnd()}\n`;
}

/** Reads a file in armor or as it is. */
export async function decryptFile(raw: Buffer, identities: readonly Identity[]): Promise<Decrypted> {
  const read = await open(raw, identities);
  if (read.plain !== undefined) return { kind: 'ok', plain: read.plain };
  if (read.stanzas === undefined)
    return { kind: 'broken', why: 'it is no file of age, or its header is damaged' };
  return read.isForeign ? { kind: 'no-key' } : { kind: 'broken', why: 'it was changed or cut' };
}

/** How many recipients a file has; undefined when it is no file of age. */
export async function countRecipients(raw: Buffer): Promise<number | undefined> {
  return (await open(raw, [])).stanzas;
}

type Opened = { readonly plain?: Buffer; readonly stanzas: number | undefined; readonly isForeign: boolean };

async function open(raw: Buffer, identities: readonly Identity[]): Promise<Opened> {
  const { armor, Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  let stanzas: number | undefined;
  // One that never has the key, and is shown the header all the same.
  decrypter.addIdentity({
    unwrapFileKey: (all: Stanza[]) => {
      stanzas = all.length;
      return null;
    },
  });
  for (const { text } of identities) decrypter.addIdentity(text);
  try {
    const text = raw.toString('latin1');
    const file = text.trimStart().startsWith('-----BEGIN') ? armor.decode(text) : new Uint8Array(raw);
    return { plain: Buffer.from(await decrypter.decrypt(file)), stanzas, isForeign: false };
  } catch (error) {
    const isForeign = error instanceof Error && error.message.startsWith('no identity matched');
    return { stanzas, isForeign };
  }
}
