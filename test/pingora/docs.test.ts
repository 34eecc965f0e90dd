import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { keyTable, ruleTable } from '../../src/pingora/reference.ts';

const PAGE = new URL('../../docs/pingora.md', import.meta.url);

test('the tables of docs/pingora.md are made from the keys and the rules; -u writes them anew', async () => {
  const made = [
    ['rules', ruleTable()],
    ['keys', keyTable()],
  ].reduce(
    (page, [name, table]) =>
      page.replace(
        new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- end -->)`),
        (_, open: string, close: string) => `${open}${table}\n${close}`,
      ),
    readFileSync(PAGE, 'utf8'),
  );
  expect(made).toContain('| `threads` |');
  await expect(made).toMatchFileSnapshot('../../docs/pingora.md');
});
