import type { Change } from '../model/resource.ts';

/** Lines around a change that a unified diff shows. */
const CONTEXT = 3;

/**
 * Unified diff of a text, '' when nothing differs. The diff library is loaded when it is first needed.
 * @param label shown behind the file name on each side, e.g. the labels of the releases
 */
export async function unifiedDiff(
  name: string,
  from: string,
  to: string,
  label: readonly [string, string],
): Promise<string> {
  if (from === to) return '';
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = await import('diff');
  return createTwoFilesPatch(
    `${name} (${label[0]})`,
    `${name} (${label[1]})`,
    from,
    to,
    undefined,
    undefined,
    {
      context: CONTEXT,
      headerOptions: FILE_HEADERS_ONLY,
    },
  );
}

/** The diff of a resource's text, `undefined` when it has none; a secret shows as one line with fingerprints. */
export async function changeDiff(name: string, changes: readonly Change[]): Promise<string | undefined> {
  const content = changes.find((change) => change.field === 'content');
  if (content === undefined) return undefined;
  if (content.secret === true)
    return ` ${name}: <secret, changed ${content.from || 'none'} -> ${content.to}>\n`;
  return unifiedDiff(name, content.from, content.to, ['now', 'after']);
}
