import { createHash } from 'node:crypto';

/** One line of a public key file (sshd(8)). */
export type PublicKey = {
  readonly type: string;
  readonly base64: string;
  /** Printable ASCII, maybe ''. */
  readonly comment: string;
  /** `SHA256:...`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
};

export type ParsedKeys =
  | { readonly ok: true; readonly keys: readonly PublicKey[] }
  | { readonly ok: false; readonly why: string };

const LINE = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?: (.*))?$/;

/** The keys of a `.pub` file, one a line. Options before a key are refused: they would lose what bootstrap puts there. */
export function parsePublicKeys(text: string): ParsedKeys {
  if (/PRIVATE KEY/.test(text)) return { ok: false, why: 'it is a private key; the public one ends in .pub' };
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const keys: PublicKey[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const key = parseLine(line);
    if (key === undefined) return { ok: false, why: `line ${index + 1} is no public key` };
    keys.push(key);
  }
  return keys.length === 0 ? { ok: false, why: 'there is no key in it' } : { ok: true, keys };
}

function parseLine(line: string): PublicKey | undefined {
  const [, type = '', base64 = '', comment = ''] = LINE.exec(line) ?? [];
  const blob = Buffer.from(base64, 'base64');
  if (type === '' || blob.length < 8 || type.includes('-cert-')) return undefined;
  // The key says its type itself (RFC 4253, 6.6).
  if (blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1') !== type) return undefined;
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return { type, base64, comment: comment.replace(/[^ -~]/g, '?'), fingerprint: `SHA256:${digest}` };
}
