import { RefusedError } from '../errors.ts';
import { agentScript } from './assemble.ts';
import type { TarEntry } from './tar.ts';

export const VERBS = [
  'observe',
  'inspect',
  'lease',
  'prepare',
  'apply',
  'activate',
  'watch',
  'commit',
  'rollback',
  'status',
  'extend',
  'finish',
  'undo',
  'settle',
  'drain',
] as const;

export type Verb = (typeof VERBS)[number];

export type PayloadEncoding = 'tar' | 'tar.gz' | 'tar.zst';

/**
 * What follows the header on the agent's standard input. `prebuilt`: the caller appends a tar stream of its own in
 * that encoding; compressed members may be concatenated.
 */
export type Payload =
  | 'none'
  | { readonly entries: readonly TarEntry[] }
  | { readonly kind: 'prebuilt'; readonly encoding: PayloadEncoding };

/** One call of the agent. `header` goes to standard input first, then the payload, then end of file. */
export type AgentRequest = {
  readonly opId: string;
  readonly verb: Verb;
  readonly header: string;
  readonly payload: Payload;
};

/** `key value` lines of a header; the agent checks every one again. */
export type Field = readonly [key: string, ...values: readonly (string | number)[]];

/** @throws RefusedError PD3301 when a value cannot be sent */
export function agentRequest(
  verb: Verb,
  opId: string,
  fields: readonly Field[],
  payload: Payload = 'none',
): AgentRequest {
  const lines = fields.map(([key, ...values]) => [key, ...values.map(checked)].join(' '));
  const header = [
    `pdeploy 1 ${agentScript().sha256}`,
    `op ${checkedOpId(opId)}`,
    `verb ${verb}`,
    ...lines,
    `payload ${encodingOf(payload)}`,
    'end',
    '',
  ].join('\n');
  return { opId, verb, header, payload };
}

/** Arbitrary text as one token: `-` for an empty one, `=` and the text when it is a plain word, otherwise base64. */
export function token(text: string): string {
  if (text === '') return '-';
  return PLAIN.test(text) ? `=${text}` : Buffer.from(text, 'utf8').toString('base64');
}

/** A host starts a process for every base64 text that it reads; most arguments need none. */
const PLAIN = /^[A-Za-z0-9._@:+,=~/{}%-]+$/;

export function untoken(text: string): string {
  if (text === '-') return '';
  return text.startsWith('=') ? text.slice(1) : Buffer.from(text, 'base64').toString('utf8');
}

function encodingOf(payload: Payload): 'none' | PayloadEncoding {
  if (payload === 'none') return 'none';
  return 'entries' in payload ? 'tar' : payload.encoding;
}

function checkedOpId(opId: string): string {
  if (/^[0-9a-z][0-9a-z-]{0,63}$/.test(opId)) return opId;
  throw new RefusedError('PD3301', `'${opId}' is not an operation id.`);
}

function checked(value: string | number): string {
  const text = String(value);
  if (/^[!-~]+$/.test(text)) return text;
  throw new RefusedError('PD3301', `${JSON.stringify(text)} cannot be sent to a host.`, {
    hint: 'Use letters, digits and . _ - @ : + , = ~ / without spaces.',
  });
}
