import type { Secret } from '../util/secret.ts';
import type { Trust } from './health.ts';

/** Where the certificate and its key come from, on the controller. */
export type CertificateSource =
  /** PEM files, relative to the project; `cert` has the leaf first and then the chain. The key may be a secret instead. */
  | { readonly kind: 'files'; readonly cert: string; readonly key: string | Secret }
  /** A program that writes both as PEM to its standard output. */
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly timeoutMs: number }
  /** Issued by `pdeploy certs issue` and kept with the state of the project. */
  | AcmeSource;

export type AcmeSource = {
  readonly kind: 'acme';
  /** https URL of the directory of the CA. */
  readonly directory: string;
  readonly email?: string;
  /** What the certificate is asked for; wildcards among them. */
  readonly names: readonly string[];
  readonly keyType: 'ec' | 'rsa';
  readonly externalAccount?: { readonly kid: string; readonly hmacKey: Secret };
  readonly challenge: AcmeChallenge;
};

export type AcmeChallenge =
  | (DnsCheck & { readonly kind: 'dns-hook'; readonly argv: readonly string[]; readonly timeoutMs: number })
  | (DnsCheck & {
      readonly kind: 'rfc2136';
      readonly server: string;
      readonly zone?: string;
      /** TSIG key file for nsupdate, relative to the project. */
      readonly keyFile: string;
    })
  | {
      readonly kind: 'http';
      /** Where this machine answers while a certificate is issued. */
      readonly listen: { readonly host: string; readonly port: number };
      /** The port of an instance that lets the answer through, by instance name. */
      readonly through: ReadonlyMap<string, number>;
    };

type DnsCheck = {
  /** Between the record and the question of the CA. */
  readonly waitMs: number;
  /** Look for the record at the authoritative servers first. */
  readonly verify: boolean;
};

/** Of Mozilla's server side TLS: 1.2 with ECDHE and AEAD and 1.3, or 1.3 alone. */
export type TlsProfile = 'intermediate' | 'modern';

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
  /** How long it must have been valid before it is brought to a host, milliseconds. */
  readonly settleMs: number;
  /** What `pdeploy doctor` proves of these ports. */
  readonly profile: TlsProfile;
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
