import { ConnectError, type ConnectFailure } from '../../errors.ts';
import { printable } from '../printable.ts';

/**
 * What ssh says last (its LogLevel is INFO: it always does), and what that is called here. Only that line counts: what
 * stands before it may be the host's, which can name any failure in a banner or a goodbye.
 */
const LAST_WORDS: readonly (readonly [RegExp, ConnectFailure])[] = [
  [/^Host key verification failed/, 'hostkey-unknown'],
  [/Could not resolve hostname/, 'dns'],
  [/timed out|^Timeout, server/, 'timeout'],
  [/Connection refused|No route to host|Network is unreachable/, 'refused'],
  [/Permission denied \(/, 'auth'],
  [
    /^kex_exchange_identification: (?:read|write|Connection)|^Connection (?:reset|closed) by|^Disconnected from/,
    'reset-before-auth',
  ],
];
const TOO_MANY_KEYS = /^Received disconnect from \S+ port \d+:2: Too many authentication failures/m;
const KEYS_REFUSED = /Permission denied \([\s\S]*\)\.\s*$/;
/** The way to the host ended; what it has said comes before. */
const BEHIND_A_PROXY = /^kex_exchange_identification: Connection closed|^Connection closed by UNKNOWN/;

const SENTENCES: ReadonlyMap<ConnectFailure, readonly [why: string, hint?: string]> = new Map([
  [
    'hostkey-changed',
    [
      'its host key is not the one that is known for it',
      'If the host was reinstalled, replace its key in known_hosts or in the inventory. If not, somebody may be in between.',
    ],
  ],
  ['hostkey-revoked', ['its host key is marked as revoked', 'The host needs a new one.']],
]);

/** The error of a connection that ssh could not make. @param said its standard error */
export function opensshFailure(host: string, said: string, pinned: boolean): ConnectError {
  const lines = said
    .split('\n')
    .map(printable)
    .filter((line) => line !== '');
  const last = lines.findLast((line) => !BEHIND_A_PROXY.test(line)) ?? lines.at(-1);
  const failure = failureOf(last, said, pinned);
  if (failure === 'hostkey-unknown')
    return new ConnectError(host, failure, `${host}: its host key is not known.`, {
      hint: `Compare what it shows with its console, then: pdeploy hosts trust -l ${host}`,
    });
  const [sentence, hint] = SENTENCES.get(failure) ?? [];
  // A goodbye comes before the news of it.
  const told =
    lines.findLast((line) => !/^Disconnected from/.test(line) && !BEHIND_A_PROXY.test(line)) ?? last;
  const why = sentence ?? told ?? 'ssh ended without a word';
  return new ConnectError(host, failure, `${host}: ${why}.`, hint === undefined ? {} : { hint });
}

function failureOf(last: string | undefined, said: string, pinned: boolean): ConnectFailure {
  const [, failure] = LAST_WORDS.find(([pattern]) => last !== undefined && pattern.test(last)) ?? [];
  // Before the key is verified there is no banner: all of it is ssh's own.
  if (failure === 'hostkey-unknown') {
    if (/REVOKED HOST KEY|revoked by/i.test(said)) return 'hostkey-revoked';
    // Of a key that is not one of the pins ssh says that it is unknown.
    return pinned || /REMOTE HOST IDENTIFICATION HAS CHANGED/.test(said) ? 'hostkey-changed' : failure;
  }
  if (TOO_MANY_KEYS.test(said) || KEYS_REFUSED.test(said)) return 'auth';
  return failure ?? 'protocol';
}
