import { ConnectError, type ConnectFailure } from '../../errors.ts';
import { printable } from '../printable.ts';

/** What ssh says, and what that is called here. The first that fits counts. */
const WORDS: readonly (readonly [RegExp, ConnectFailure])[] = [
  [/REVOKED HOST KEY|revoked by/i, 'hostkey-revoked'],
  [/REMOTE HOST IDENTIFICATION HAS CHANGED/, 'hostkey-changed'],
  [/No \S+ host key is known|Host key verification failed/, 'hostkey-unknown'],
  [/Could not resolve hostname/, 'dns'],
  [/Connection refused|No route to host|Network is unreachable/, 'refused'],
  [/timed out/i, 'timeout'],
  [/Permission denied|Too many authentication failures|Not allowed at this time/, 'auth'],
  [/kex_exchange_identification|Connection (?:reset|closed) by|banner exchange/, 'reset-before-auth'],
];

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
  const [, found] = WORDS.find(([pattern]) => pattern.test(said)) ?? [];
  // Of a key that is not one of the pins ssh says that it is unknown.
  const failure = found === 'hostkey-unknown' && pinned ? 'hostkey-changed' : (found ?? 'protocol');
  if (failure === 'hostkey-unknown')
    return new ConnectError(host, failure, `${host}: its host key is not known.`, {
      hint: `Compare what it shows with its console, then: pdeploy hosts trust -l ${host}`,
    });
  const [sentence, hint] = SENTENCES.get(failure) ?? [];
  const lines = said.split('\n').map(printable);
  const why = sentence ?? lines.findLast((line) => line !== '') ?? 'ssh ended without a word';
  return new ConnectError(host, failure, `${host}: ${why}.`, hint === undefined ? {} : { hint });
}
