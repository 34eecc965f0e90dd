import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { fingerprintOf } from './pem.ts';
import { covers } from './validate.ts';

export type HandshakeInput = {
  readonly address: string;
  readonly port: number;
  /** Sent as server name, and what the certificate must be good for. */
  readonly server: string;
  readonly timeoutMs: number;
  /** Roots as PEM; undefined: no verification. */
  readonly roots?: readonly string[] | undefined;
};

/** What a new connection was shown. `refused` says why a client with the roots would not go on, '' when it would. */
export type Handshake =
  | {
      readonly ok: true;
      readonly leaf: X509Certificate;
      readonly fingerprint: string;
      readonly refused: string;
      /** `TLSv1.3`. */
      readonly protocol: string;
    }
  | { readonly ok: false; readonly error: string };

/** One new connection without session reuse, closed after the handshake. */
export function handshake(input: HandshakeInput): Promise<Handshake> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({
      host: input.address,
      port: input.port,
      ...(isIP(input.server) === 0 ? { servername: input.server } : {}),
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      // Names are judged here, for addresses too.
      checkServerIdentity: () => undefined,
      ...(input.roots === undefined ? {} : { ca: [...input.roots] }),
    });
    const end = (result: Handshake): void => {
      clearTimeout(timer);
      // Cut off before its last message was sent, the server would log a handshake that failed.
      if (result.ok) socket.end(() => socket.destroy());
      else socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(
      () => end({ ok: false, error: `no handshake in ${input.timeoutMs} ms` }),
      input.timeoutMs,
    );
    socket.on('error', (error: NodeJS.ErrnoException) => end({ ok: false, error: words(error) }));
    socket.on('close', () => end({ ok: false, error: 'closed in the handshake' }));
    socket.on('secureConnect', () => {
      const der = socket.getPeerCertificate(false).raw;
      if (der === undefined) return end({ ok: false, error: 'it showed no certificate' });
      const leaf = new X509Certificate(der);
      end({
        ok: true,
        leaf,
        fingerprint: fingerprintOf(leaf),
        refused: input.roots === undefined ? '' : refusal(socket, leaf, input.server),
        protocol: socket.getProtocol() ?? '',
      });
    });
  });
}

function refusal(socket: TLSSocket, leaf: X509Certificate, server: string): string {
  if (!covers(leaf, server)) return `it is not good for ${server}`;
  if (socket.authorized) return '';
  const code = String(socket.authorizationError);
  return REASONS.get(code) ?? code;
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'an intermediate certificate is missing'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'no trusted root issued it'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'an intermediate certificate is missing'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its root is not trusted'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'it is self-signed'],
  ['CERT_HAS_EXPIRED', 'it has expired'],
  ['CERT_NOT_YET_VALID', 'it is not yet valid'],
  ['INVALID_PURPOSE', 'it is not made for servers'],
  ['UNSPECIFIED', 'a rule of its chain forbids it, such as the names that its authority may issue for'],
]);

function words(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
      return 'connection reset';
    default:
      return error.code?.startsWith('ERR_SSL_') === true
        ? error.code.slice('ERR_SSL_'.length).toLowerCase().replaceAll('_', ' ')
        : error.message;
  }
}
