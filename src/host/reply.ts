/** How the agent ends a reply. A code this list lacks comes from another version of the agent. */
export type AgentCode =
  | 'ok'
  | 'agent-mismatch'
  | 'bad-request'
  | 'fenced'
  | 'held'
  | 'not-found'
  | 'no-space'
  | 'verify-failed'
  | 'test-failed'
  | 'unit-invalid'
  | 'conflict'
  | 'refused-by-policy'
  | 'unsigned'
  | 'downgrade'
  | 'rolledback'
  | 'failed';

/** `no-trailer`: the outcome is unknown and has to be asked for with `status`. */
export type Reply =
  | { readonly kind: 'ok'; readonly lines: readonly string[] }
  | {
      readonly kind: 'error';
      readonly code: AgentCode;
      readonly message: string;
      /** What was said before it failed, such as who holds the lease. */
      readonly lines: readonly string[];
    }
  | { readonly kind: 'no-trailer'; readonly lines: readonly string[] };

const CODES: ReadonlySet<string> = new Set<AgentCode>([
  'ok',
  'agent-mismatch',
  'bad-request',
  'fenced',
  'held',
  'not-found',
  'no-space',
  'verify-failed',
  'test-failed',
  'unit-invalid',
  'conflict',
  'refused-by-policy',
  'unsigned',
  'downgrade',
  'rolledback',
  'failed',
]);

/**
 * Standard output of one call, whole or as lines (without the streamed ones).
 * A trailer of another operation, or anything after the trailer, is no trailer.
 */
export function parseReply(stdout: string | readonly string[], opId: string): Reply {
  const all = typeof stdout === 'string' ? stdout.split('\n') : [...stdout];
  while (all.at(-1) === '') all.pop();
  const last = all.at(-1) ?? '';
  const lines = all.slice(0, -1);
  const trailer = /^pdeploy-end (\S+) (\d{1,3}) (\S+) (\S+)$/.exec(last);
  if (trailer === null || trailer[1] !== opId) return { kind: 'no-trailer', lines: all };
  const code = trailer[3] ?? '';
  if (code === 'ok' && trailer[2] === '0') return { kind: 'ok', lines };
  const message = decodeMessage(trailer[4] ?? '-');
  return { kind: 'error', code: isCode(code) && code !== 'ok' ? code : 'failed', message, lines };
}

/** Whether a streamed line ends the reply. */
export function isTrailer(line: string): boolean {
  return line.startsWith('pdeploy-end ');
}

function isCode(code: string): code is AgentCode {
  return CODES.has(code);
}

function decodeMessage(text: string): string {
  return text === '-' ? '' : printable(Buffer.from(text, 'base64').toString('utf8'));
}

/** A host's words on a terminal: no control characters but newline and tab. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '').trimEnd();
}
