import { isIP } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import type { TlsProfile } from '../model/certificate.ts';

type Attempt = {
  readonly name: string;
  readonly options: Pick<ConnectionOptions, 'minVersion' | 'maxVersion' | 'ciphers'>;
  /** By the profile: whether a client that can do nothing else gets a connection. */
  readonly gets: { readonly [profile in TlsProfile]: boolean };
};

/** `@SECLEVEL=0`: the library here would not even ask otherwise. */
const ATTEMPTS: readonly Attempt[] = [
  {
    name: 'TLS 1.0 and 1.1',
    options: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:COMPLEMENTOFALL:@SECLEVEL=0' },
    gets: { intermediate: false, modern: false },
  },
  {
    name: 'suites without AEAD (CBC, RC4, 3DES, NULL)',
    options: {
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      ciphers: 'ALL:COMPLEMENTOFALL:!AESGCM:!CHACHA20:!AESCCM:!ARIAGCM:@SECLEVEL=0',
    },
    gets: { intermediate: false, modern: false },
  },
  {
    name: 'suites without forward secrecy',
    options: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'kRSA:@SECLEVEL=0' },
    gets: { intermediate: false, modern: false },
  },
  {
    name: 'TLS 1.2 with ECDHE and AEAD',
    options: {
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      ciphers:
        'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305',
    },
    gets: { intermediate: true, modern: false },
  },
  {
    name: 'TLS 1.3',
    options: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' },
    gets: { intermediate: true, modern: true },
  },
];

export type Place = { readonly address: string; readonly port: number; readonly server: string };

/** `problems` is empty when the place does what the profile says; `unclear` tells why it could not be tried. */
export type SettingsVerdict =
  | { readonly kind: 'tried'; readonly attempts: number; readonly problems: readonly string[] }
  | { readonly kind: 'unclear'; readonly why: string };

const TIMEOUT_MS = 5_000;

/** Tries by handshakes what a profile of Mozilla's server side TLS grants and what it does not. */
export async function tryProfile(place: Place, profile: TlsProfile): Promise<SettingsVerdict> {
  const problems: string[] = [];
  for (const { name, options, gets } of ATTEMPTS) {
    const outcome = await attempt(place, options);
    if (outcome.kind === 'unclear') return { kind: 'unclear', why: `${name}: ${outcome.why}` };
    if (outcome.kind === 'granted' && !gets[profile]) problems.push(`${name}: granted (${outcome.what})`);
    if (outcome.kind === 'refused' && gets[profile]) problems.push(`${name}: refused (${outcome.why})`);
  }
  return { kind: 'tried', attempts: ATTEMPTS.length, problems };
}

type Outcome =
  | { readonly kind: 'granted'; readonly what: string }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unclear'; readonly why: string };

/** These say that nobody was asked, and not that somebody said no. */
const UNCLEAR = [
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ERR_SSL_NO_CIPHERS_AVAILABLE',
  'ERR_SSL_NO_CIPHER_MATCH',
  'ERR_SSL_NO_PROTOCOLS_AVAILABLE',
];

function attempt({ address, port, server }: Place, options: Attempt['options']): Promise<Outcome> {
  return new Promise((resolve) => {
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      socket?.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(
      () => end({ kind: 'unclear', why: `no answer in ${TIMEOUT_MS} ms` }),
      TIMEOUT_MS,
    );
    const fail = (error: NodeJS.ErrnoException): void => {
      const code = error.code ?? error.message;
      const why = code
        .replace(/^ERR_SSL_/, '')
        .toLowerCase()
        .replaceAll('_', ' ');
      end({ kind: UNCLEAR.includes(code) ? 'unclear' : 'refused', why });
    };
    let socket: ReturnType<typeof connect> | undefined;
    try {
      socket = connect({
        host: address,
        port,
        ...(isIP(server) === 0 ? { servername: server } : {}),
        rejectUnauthorized: false,
        ...options,
      });
    } catch (error) {
      return fail(error as NodeJS.ErrnoException);
    }
    const opened = socket;
    opened.on('error', fail);
    opened.on('close', () => end({ kind: 'refused', why: 'closed' }));
    opened.on('secureConnect', () =>
      end({ kind: 'granted', what: `${opened.getProtocol()} ${opened.getCipher().standardName}` }),
    );
  });
}
