import { describe, expect, test } from 'vitest';
import { renderProblems, renderWarnings } from '../../src/config/problems.ts';
import { parse } from './around.ts';

const AT = { file: 'inventories/prod.yaml', line: 9, col: 14 };

describe('renderProblems', () => {
  test('looks as designed', () => {
    const problems = [
      {
        code: 'PD2014',
        message: 'unknown key "prot" in a host',
        at: { file: 'inventories/prod.yaml', line: 6, col: 5 },
        path: 'hosts.edge-01.prot',
        excerpt: '    6 |     prot: 2222\n      |     ^^^^',
        hint: 'did you mean "port"?',
      },
      {
        code: 'PD2031',
        message: 'two hosts have the same address 198.51.100.7:22',
        at: AT,
        path: 'edge-02',
        also: [{ at: { ...AT, line: 12 }, name: 'edge-03' }],
      },
    ];
    expect(renderProblems(problems)).toBe(`error PD2014: unknown key "prot" in a host
  inventories/prod.yaml:6:5  hosts.edge-01.prot
    6 |     prot: 2222
      |     ^^^^ did you mean "port"?
error PD2031: two hosts have the same address 198.51.100.7:22
  inventories/prod.yaml:9:14 edge-02, also :12:14 edge-03
2 problems. Nothing was contacted.
`);
  });

  test('one problem is singular, a hint without a place has its own line', () => {
    const text = renderProblems([{ code: 'PD2060', message: 'no inventory', hint: 'make one' }]);
    expect(text).toBe('error PD2060: no inventory\n  make one\n1 problem. Nothing was contacted.\n');
  });

  test('a contradiction between two files names both', () => {
    const also = [{ at: { file: 'other.yaml', line: 1, col: 2 }, name: 'b' }];
    const text = renderProblems([{ code: 'PD2031', message: 'same', at: AT, path: 'a', also }]);
    expect(text).toContain('  inventories/prod.yaml:9:14 a, also other.yaml:1:2 b\n');
  });

  test('warnings are notes without a sum', () => {
    expect(renderWarnings([{ code: 'PD2051', message: 'empty', at: AT, path: 'groups.a' }])).toBe(
      'note PD2051: empty\n  inventories/prod.yaml:9:14  groups.a\n',
    );
    expect(renderWarnings([])).toBe('');
  });

  test('a hundred problems are shown, the rest is counted', () => {
    const result = parse(
      `hosts:\n${Array.from({ length: 150 }, (_, i) => `  h${i}: { nope: 1 }\n`).join('')}`,
    );
    const text = result.ok ? '' : renderProblems(result.problems);
    expect(text.match(/unknown key/g)).toHaveLength(100);
    expect(text).toContain('error PD2099: and 50 more problems\n');
  });
});
