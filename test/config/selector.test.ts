import { describe, expect, test } from 'vitest';
import { renderProblems } from '../../src/config/problems.ts';
import { parseSelector, select, selectText } from '../../src/config/selector/select.ts';
import { valid } from './around.ts';

const INVENTORY = valid(`
groups:
  edge: { children: [edge-eu, edge-us] }
  edge-eu: { region: eu, hosts: ["edge-[01:03]"] }
  edge-us: { region: us, hosts: ["edge-[04:05]"] }
  lb: { hosts: [lb-1, lb-2] }
  empty: {}
hosts:
  edge-01: { zone: a }
  edge-02: { zone: b }
services:
  edge: { on: edge, instances: { "1": {}, "2": {} } }
`);

function chosen(text: string): string {
  const result = selectText(INVENTORY, text);
  if (!result.ok) return renderProblems(result.problems);
  const { hosts, instances } = result.selection;
  return hosts
    .map((host) => {
      const names = instances.filter((instance) => instance.host === host).map(({ name }) => name);
      return host.startsWith('edge') && names.length < 2 ? `${host}@${names.join('+')}` : host;
    })
    .join(' ');
}

describe('select', () => {
  test.each([
    ['all', 'edge-01 edge-02 edge-03 edge-04 edge-05 lb-1 lb-2'],
    ['*', 'edge-01 edge-02 edge-03 edge-04 edge-05 lb-1 lb-2'],
    ['edge-us', 'edge-04 edge-05'],
    ['edge:!edge-03', 'edge-01 edge-02 edge-04 edge-05'],
    ['!edge-03:edge', 'edge-01 edge-02 edge-04 edge-05'],
    ['edge:&edge-eu:!edge-03', 'edge-01 edge-02'],
    ['lb-2,edge-01', 'edge-01 lb-2'],
    [' lb-2 , edge-01 ', 'edge-01 lb-2'],
    ['!edge', 'lb-1 lb-2'],
    ['&lb', 'lb-1 lb-2'],
    ['lb-?', 'lb-1 lb-2'],
    ['edge-0[1:2]', 'edge-01 edge-02'],
    ['edge-[01:05:2],lb-1', 'edge-01 edge-03 edge-05 lb-1'],
    ['edge-03@1', 'edge-03@1'],
    ['edge-eu@2', 'edge-01@2 edge-02@2 edge-03@2'],
    ['edge-03:!edge-03@1', 'edge-03@2'],
    ['edge-03:!edge-03@*', 'edge-03@'],
    ['edge@1:&edge-us', 'edge-04@1 edge-05@1'],
    ['zone=b', 'edge-02'],
    ['edge:&region=us', 'edge-04 edge-05'],
  ])('%s', (text, expected) => {
    expect(chosen(text)).toBe(expected);
  });

  test.each([
    [
      'egde:&eu',
      `error PD2242: no host or group is called "egde"
    egde:&eu
    ^^^^ did you mean "edge"?
error PD2242: no host or group is called "eu"
    egde:&eu
          ^^
2 problems. Nothing was contacted.
`,
    ],
    [
      'edge:!edge-3',
      `error PD2242: no host or group is called "edge-3"
    edge:!edge-3
          ^^^^^^ did you mean "edge-03"?
1 problem. Nothing was contacted.
`,
    ],
    [
      'edge-03@9',
      `error PD2242: "edge-03" has no instance "9"
    edge-03@9
    ^^^^^^^^^
1 problem. Nothing was contacted.
`,
    ],
    [
      'db-*,zone=c',
      `error PD2242: no host or group matches "db-*"
    db-*,zone=c
    ^^^^
error PD2242: no host is in zone "c"
    db-*,zone=c
         ^^^^^^
2 problems. Nothing was contacted.
`,
    ],
    [
      'edge::lb',
      `error PD2241: a part of the selector "edge::lb" is empty
    edge::lb
         ^
1 problem. Nothing was contacted.
`,
    ],
    [
      'edge;id,lb$(x)',
      `error PD2241: "edge;id" cannot stand in a selector
    edge;id,lb$(x)
    ^^^^^^^
error PD2241: "lb$(x)" cannot stand in a selector
    edge;id,lb$(x)
            ^^^^^^
2 problems. Nothing was contacted.
`,
    ],
    ['edge:&lb', 'error PD2243: "edge:&lb" selects no host\n1 problem. Nothing was contacted.\n'],
    ['empty', 'error PD2243: "empty" selects no host\n1 problem. Nothing was contacted.\n'],
    [
      'edge-[2:1]',
      `error PD2241: the range [2:1] runs backwards
    edge-[2:1]
    ^^^^^^^^^^
1 problem. Nothing was contacted.
`,
    ],
  ])('%s is refused', (text, expected) => {
    expect(chosen(text)).toBe(expected);
  });

  test('an empty selector, and one with too many parts', () => {
    for (const text of ['', ' ', ':', Array.from({ length: 101 }, () => 'edge').join(':')]) {
      expect(parseSelector(text).ok).toBe(false);
    }
  });

  test('what was parsed once can be used on any inventory', () => {
    const parsed = parseSelector('edge-01');
    if (!parsed.ok) throw new Error('not parsed');
    expect(select(INVENTORY, parsed.selector).ok).toBe(true);
    expect(select(valid('hosts: { other: {} }'), parsed.selector).ok).toBe(false);
  });

  test('control characters in a selector do not reach the terminal', () => {
    expect(chosen('edge\u001b[31m')).not.toContain('\u001b');
  });
});
