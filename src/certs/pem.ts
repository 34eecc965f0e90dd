import { X509Certificate } from 'node:crypto';

export type PemParts = {
  readonly chain: readonly X509Certificate[];
  /** Private keys as they stand in the text. */
  readonly keys: readonly string[];
};

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s]*?-----END \1-----/g;

/** Certificates and private keys of a PEM text, in its order. @throws Error when a certificate cannot be read */
export function readPem(text: string): PemParts {
  const chain: X509Certificate[] = [];
  const keys: string[] = [];
  for (const [block, label] of text.matchAll(BLOCK)) {
    if (label === 'CERTIFICATE') chain.push(new X509Certificate(block));
    else if (label?.endsWith('PRIVATE KEY') === true) keys.push(`${block}\n`);
  }
  return { chain, keys };
}

export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/** The names a certificate is good for, as it says them: `DNS:shop.example`, `IP Address:10.0.0.1`. */
export function namesOf(certificate: X509Certificate): readonly string[] {
  return (certificate.subjectAltName ?? '').split(', ').filter((name) => name !== '');
}

/** Object identifier of the signature, as hex of its DER contents; '' when the structure is odd. */
export function signatureOid(raw: Buffer): string {
  const outer = element(raw, 0);
  const signed = outer === undefined ? undefined : element(raw, outer.start);
  const algorithm = signed === undefined ? undefined : element(raw, signed.end);
  const oid = algorithm === undefined ? undefined : element(raw, algorithm.start);
  return oid === undefined || raw[oid.at] !== 6 ? '' : raw.subarray(oid.start, oid.end).toString('hex');
}

type Element = { readonly at: number; readonly start: number; readonly end: number };

/** One DER element: where its contents begin and end. */
function element(raw: Buffer, at: number): Element | undefined {
  const first = raw[at + 1];
  if (first === undefined) return undefined;
  if (first < 0x80) return { at, start: at + 2, end: at + 2 + first };
  const bytes = first & 0x7f;
  if (bytes === 0 || bytes > 4 || at + 2 + bytes > raw.length) return undefined;
  const start = at + 2 + bytes;
  return { at, start, end: start + raw.readUIntBE(at + 2, bytes) };
}
