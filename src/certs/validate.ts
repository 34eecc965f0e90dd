import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { lifeOf } from './life.ts';
import { namesOf, signatureOid } from './pem.ts';
import { rootFor } from './trust.ts';

export type CertificateProblem = { readonly code: string; readonly message: string };

export type ValidateInput = {
  /** Leaf first. */
  readonly chain: readonly X509Certificate[];
  /** PEM. */
  readonly key: string;
  readonly servers: readonly string[];
  /** Roots as PEM; undefined: the chain need not lead to any. */
  readonly roots: readonly string[] | undefined;
  /** How long it must have been valid: what was signed just now is not valid yet for a client whose clock is behind. Milliseconds. */
  readonly settleMs: number;
  /** The earliest and the latest clock of all hosts that will serve it, and of this one; milliseconds since the epoch. */
  readonly clocks: { readonly earliest: number; readonly latest: number };
};

/** A certificate that ends sooner is of no use. */
const LEAST_LEFT_MS = 60 * 60_000;
const LEAST_RSA_BITS = 2_048;

/** md2, md4, md5 and sha1 with RSA; sha1 with DSA; sha1 with ECDSA. */
const WEAK_SIGNATURES = new Set([
  '2a864886f70d010102',
  '2a864886f70d010103',
  '2a864886f70d010104',
  '2a864886f70d010105',
  '2a8648ce380403',
  '2a8648ce3d0401',
]);

/** Everything that is wrong with a certificate before a host sees it. Pure: the clock is given. */
export function certificateProblems(input: ValidateInput): readonly CertificateProblem[] {
  const [leaf, ...others] = input.chain;
  if (leaf === undefined) return [{ code: 'PD3501', message: 'there is no certificate in it' }];
  return [
    ...keyProblems(leaf, input.key),
    ...chainProblems(input.chain, input.roots),
    ...input.chain.flatMap((one) => timeProblems(one, input.clocks, one === leaf ? input.settleMs : 0)),
    ...nameProblems(leaf, input.servers),
    ...[leaf, ...others.filter((one) => !isSelfSigned(one))].flatMap(strengthProblems),
  ];
}

/** Names that today's certificate is good for and the new one is not. */
export function lostNames(old: X509Certificate, next: X509Certificate): readonly string[] {
  const kept = new Set(namesOf(next));
  return namesOf(old).filter((name) => !kept.has(name));
}

function keyProblems(leaf: X509Certificate, pem: string): readonly CertificateProblem[] {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return [{ code: 'PD3502', message: 'the key cannot be read: PEM without a password is expected' }];
  }
  return leaf.checkPrivateKey(key)
    ? []
    : [{ code: 'PD3502', message: `the key is not that of ${subjectOf(leaf)}` }];
}

function chainProblems(
  chain: readonly X509Certificate[],
  roots: readonly string[] | undefined,
): readonly CertificateProblem[] {
  const say = (message: string): CertificateProblem => ({ code: 'PD3503', message });
  for (const [i, one] of chain.entries()) {
    const issuer = chain[i + 1];
    if (issuer === undefined) continue;
    if (!issuer.ca) return [say(`${subjectOf(issuer)} in the chain is no authority`)];
    if (!one.checkIssued(issuer) || !one.verify(issuer.publicKey))
      return [
        say(`${subjectOf(issuer)} follows ${subjectOf(one)} in the chain and did not issue it: wrong order`),
      ];
  }
  const last = chain.at(-1);
  if (last === undefined) return [];
  if (chain.length > 1 && isSelfSigned(last))
    return [say(`the root ${subjectOf(last)} is in the chain: clients have it or do not trust it`)];
  if (roots === undefined || rootFor(last, roots) !== undefined) return [];
  return [
    say(
      `no trusted root issued ${subjectOf(last)}: the certificate of ${issuerOf(last)} is missing, or its root is not trusted`,
    ),
  ];
}

function timeProblems(
  certificate: X509Certificate,
  clocks: ValidateInput['clocks'],
  settleMs: number,
): readonly CertificateProblem[] {
  const { notBefore, notAfter } = lifeOf(certificate);
  if (notBefore > clocks.earliest - settleMs)
    return [
      {
        code: 'PD3504',
        message: `${subjectOf(certificate)} is valid from ${stamp(notBefore)}${settleMs === 0 ? '' : `, which is not yet ${settleMs / 1_000} s ago by every clock`}`,
      },
    ];
  if (notAfter < clocks.latest + LEAST_LEFT_MS)
    return [{ code: 'PD3505', message: `${subjectOf(certificate)} is valid until ${stamp(notAfter)}` }];
  return [];
}

function nameProblems(leaf: X509Certificate, servers: readonly string[]): readonly CertificateProblem[] {
  const missing = servers.filter((server) => !covers(leaf, server));
  if (missing.length === 0) return [];
  const names = namesOf(leaf).join(', ') || 'no name';
  return [{ code: 'PD3506', message: `it is not good for ${missing.join(', ')}, but for ${names}` }];
}

export function covers(leaf: X509Certificate, server: string): boolean {
  return isIP(server) === 0
    ? leaf.checkHost(server, { subject: 'never' }) !== undefined
    : leaf.checkIP(server) !== undefined;
}

function strengthProblems(certificate: X509Certificate): readonly CertificateProblem[] {
  const say = (message: string): CertificateProblem => ({ code: 'PD3508', message });
  const problems: CertificateProblem[] = [];
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  const bits = details?.modulusLength ?? 0;
  if ((type === 'rsa' || type === 'rsa-pss') && bits < LEAST_RSA_BITS)
    problems.push(say(`the key of ${subjectOf(certificate)} is weak: RSA with ${bits} bits`));
  else if (!['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448'].includes(type ?? ''))
    problems.push(say(`the key of ${subjectOf(certificate)} is of no use for TLS: ${type ?? 'unknown'}`));
  if (WEAK_SIGNATURES.has(signatureOid(certificate.raw)))
    problems.push(say(`${subjectOf(certificate)} has a weak signature, by MD5 or SHA-1`));
  return problems;
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

export function subjectOf(certificate: X509Certificate): string {
  return plain(certificate.subject) || namesOf(certificate)[0] || `serial ${certificate.serialNumber}`;
}

export function issuerOf(certificate: X509Certificate): string {
  return plain(certificate.issuer);
}

/** Node writes one attribute a line. */
function plain(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}

function stamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
