import type { Secret } from '../util/secret.ts';
import type { Trust } from './health.ts';

/** Where the certificate and its key come from, on the controller. */
export type CertificateSource =
  /** PEM files, relative to the project; `cert` has the leaf first and then the chain. The key may be a secret instead. */
  | { readonly kind: 'files'; readonly cert: string; readonly key: string | Secret }
  /** A program that writes both as PEM to its standard output. */
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly timeoutMs: number };

/** A TLS certificate that is part of the release: `tls/<name>/cert.pem` and `key.pem` in its directory. */
export type CertificateStep = {
  readonly type: 'certificate';
  readonly id: string;
  readonly name: string;
  /** Names that it is served under; it must be good for all of them. */
  readonly servers: readonly string[];
  readonly source: CertificateSource;
  /** Roots its chain has to lead to: those of Node and the system, those of a PEM file, or nobody asks. */
  readonly trust: 'system' | 'none' | { readonly file: string };
  /** TCP ports it is served on, by instance name. */
  readonly ports: ReadonlyMap<string, readonly number[]>;
};

/** A certificate as it is brought to the hosts. */
export type CertificateText = {
  readonly name: string;
  /** sha256 of the leaf's DER, lower-case hex. */
  readonly fingerprint: string;
  /** PEM, leaf first. */
  readonly chain: string;
  readonly trust: Trust;
};

export const certificatePath = (name: string): string => `tls/${name}/cert.pem`;
export const certificateKeyPath = (name: string): string => `tls/${name}/key.pem`;
