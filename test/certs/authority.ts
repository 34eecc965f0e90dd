import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate made for a test, with its key; all PEM. */
export type Pair = { readonly name: string; readonly cert: string; readonly key: string };

export type PairOptions = {
  readonly names?: readonly string[];
  /** Hours from now. Default: -24 and 24 * 89. */
  readonly from?: number;
  readonly until?: number;
  readonly issuer?: Pair;
  readonly isCa?: boolean;
  /** An authority that may sign for this domain and for no other (RFC 5280, 4.2.1.10). */
  readonly permits?: string;
  readonly rsaBits?: number;
  readonly sha1?: boolean;
};

/** Makes an X.509 certificate; without an issuer it signs itself. */
export function makePair(name: string, options: PairOptions = {}): Pair {
  const { publicKey, privateKey } =
    options.rsaBits === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: options.rsaBits });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = options.issuer?.key ?? key;
  const algorithm = algorithmOf(createPublicKey(signer), options.sha1 === true);
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    commonName(options.issuer?.name ?? name),
    sequence(time(options.from ?? -24), time(options.until ?? 24 * 89)),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(options))),
  );
  const signature = sign(options.sha1 === true ? 'sha1' : 'sha256', body, signer);
  const der = sequence(body, algorithm, tagged(0x03, Buffer.from([0]), signature));
  return { name, cert: pem(der), key };
}

/** A root, an intermediate and what they sign. */
export function makeAuthority(name = 'Test') {
  const root = makePair(`${name} root`, { isCa: true, until: 24 * 3650 });
  const middle = makePair(`${name} intermediate`, { isCa: true, issuer: root, until: 24 * 1000 });
  const issue = (names: readonly string[], options: PairOptions = {}): Pair => {
    const leaf = makePair(names[0] ?? 'none', { issuer: middle, names, ...options });
    return { ...leaf, cert: leaf.cert + middle.cert };
  };
  return { root, middle, issue };
}

function algorithmOf(key: KeyObject, sha1: boolean): Buffer {
  if (key.asymmetricKeyType === 'rsa')
    return sequence(oid(sha1 ? '2a864886f70d010105' : '2a864886f70d01010b'), Buffer.from([5, 0]));
  return sequence(oid(sha1 ? '2a8648ce3d0401' : '2a8648ce3d040302'));
}

function extensions({ isCa, names, permits }: PairOptions): readonly Buffer[] {
  const basic = sequence(...(isCa === true ? [Buffer.from([1, 1, 0xff])] : []));
  const list = [extension('551d13', basic, true)];
  if (permits !== undefined) {
    const subtree = sequence(tagged(0x82, Buffer.from(permits, 'latin1')));
    list.push(extension('551d1e', sequence(tagged(0xa0, subtree)), true));
  }
  const alternatives = (names ?? []).map((name) =>
    isIP(name) === 4
      ? tagged(0x87, Buffer.from(name.split('.').map(Number)))
      : tagged(0x82, Buffer.from(name, 'latin1')),
  );
  return alternatives.length === 0 ? list : [...list, extension('551d11', sequence(...alternatives))];
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [Buffer.from([1, 1, 0xff])] : []), tagged(0x04, value));
}

function commonName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from(name)))));
}

function time(hours: number): Buffer {
  const at = new Date(Date.now() + hours * 3_600_000);
  return tagged(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]|\.\d+/g, '')}`, 'latin1'));
}

const oid = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'));
const integer = (value: Buffer): Buffer => tagged(0x02, value);
const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts);

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
