import { X509Certificate } from 'node:crypto';
import { getCACertificates, rootCertificates } from 'node:tls';
import type { Trust } from '../model/health.ts';
import { readPem } from './pem.ts';

/** Roots as PEM, in the form that node:tls takes; undefined where nobody asks. */
export function rootsOf(trust: Trust): readonly string[] | undefined {
  if (trust.kind === 'none') return undefined;
  if (trust.kind === 'roots') return readPem(trust.pem).chain.map((root) => root.toString());
  return [...new Set([...rootCertificates, ...getCACertificates('system')])];
}

/** The root that issued a certificate, or the certificate itself when it is one. */
export function rootFor(certificate: X509Certificate, roots: readonly string[]): X509Certificate | undefined {
  for (const pem of roots) {
    const root = new X509Certificate(pem);
    if (root.fingerprint256 === certificate.fingerprint256) return root;
    if (certificate.checkIssued(root) && certificate.verify(root.publicKey)) return root;
  }
  return undefined;
}
