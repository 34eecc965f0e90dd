import type { TlsProfile } from '../model/certificate.ts';
import { optionProblem } from '../resource/options.ts';

/** What a program with Pingora is built with: the cargo feature of the crates. */
export type TlsLibrary = 'rustls' | 'openssl' | 'boringssl';

export type TlsOptions = {
  readonly profile: TlsProfile;
  /** Default: `rustls`. */
  readonly library?: TlsLibrary | undefined;
};

/** What a program gives to the builder of its acceptor, which has a method for each key. */
export type TlsSettings = {
  readonly min_version: '1.2' | '1.3';
  /** `set_cipher_list`: of TLS 1.2 */
  readonly cipher_list?: string;
  /** `set_ciphersuites`: of TLS 1.3. OpenSSL alone, those of BoringSSL are fixed. */
  readonly ciphersuites?: string;
  /** `set_groups_list` of OpenSSL, `set_curves_list` of BoringSSL */
  readonly groups: string;
};

const AEAD = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'];
/** Mozilla's server side TLS 5.7, without the finite field suites: they need parameters, and no client of today needs them. */
const CIPHERS = AEAD.flatMap((suite) => [`ECDHE-ECDSA-${suite}`, `ECDHE-RSA-${suite}`]).join(':');
const SUITES = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
const GROUPS = 'X25519:P-256:P-384';

/**
 * The settings of a profile for a library; undefined where there is nothing to set, as it is what the library does.
 * @throws UsageError PD2130 for a profile that the library cannot be brought to
 */
export function tlsSettings({ profile, library = 'rustls' }: TlsOptions): TlsSettings | undefined {
  if (library === 'rustls') {
    if (profile === 'intermediate') return undefined;
    throw optionProblem(
      'pingoraService',
      'tls: modern is not to be had with rustls: the listeners of Pingora offer TLS 1.2 and 1.3, and have no setting for it',
      "say tls: 'intermediate', or build the program with boringssl or openssl and say tls: { profile: 'modern', library: 'boringssl' }",
    );
  }
  return {
    min_version: profile === 'modern' ? '1.3' : '1.2',
    ...(profile === 'modern' ? {} : { cipher_list: CIPHERS }),
    ...(library === 'openssl' ? { ciphersuites: SUITES } : {}),
    groups: GROUPS,
  };
}
