import type { Answer } from '../../model/facts.ts';
import type { Query } from '../../model/resource.ts';

const TYPES: ReadonlyMap<string, 'file' | 'directory' | 'link' | 'other'> = new Map([
  ['f', 'file'],
  ['d', 'directory'],
  ['l', 'link'],
]);

/** `answer <index of the query> <kind> ...`, by the query's id. A question without an answer is left out. */
export function decodeAnswers(
  lines: readonly string[],
  queries: readonly Query[],
): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const line of lines) {
    const match = /^answer (\d+) (\S+) ?(.*)$/.exec(line);
    const query = queries[Number(match?.[1] ?? -1)];
    const answer = match === null ? undefined : decodeAnswer(match[2] ?? '', match[3] ?? '');
    if (query !== undefined && answer !== undefined) answers.set(query.id, answer);
  }
  return answers;
}

function decodeAnswer(kind: string, rest: string): Answer | undefined {
  switch (kind) {
    case 'absent':
      return { kind };
    case 'exit':
      return { kind, code: Number(rest) };
    case 'user': {
      const [, , uid, , , home = '', shell = ''] = rest.split(':');
      return { kind, uid: Number(uid), home, shell };
    }
    case 'path': {
      const [type = '', mode = '', owner = '', group = '', size = '', sha256 = '-', text] = rest.split(' ');
      return {
        kind,
        type: TYPES.get(type) ?? 'other',
        mode: mode.padStart(4, '0'),
        owner,
        group,
        size: Number(size),
        sha256: sha256 === '-' ? '' : sha256,
        ...(text === undefined
          ? {}
          : { text: text === '-' ? '' : Buffer.from(text, 'base64').toString('utf8') }),
      };
    }
    default:
      return undefined;
  }
}
