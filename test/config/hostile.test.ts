import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { MAX_DEPTH } from '../../src/config/yaml/compose.ts';
import { MAX_BYTES, MAX_LINES } from '../../src/config/yaml/text.ts';
import { codesOf, hostOf, parse, valid } from './around.ts';

const LIMIT_MS = 2_000;
/** Processor time of a cold and busy machine; the limit is for one that is neither. */
const SLACK = 3;
const FULL = MAX_BYTES - 100;
const MODULE = new URL('../../src/config/parse.ts', import.meta.url).href;

function fill(head: string, unit: (index: number) => string, tail = '', size = FULL): string {
  let text = head;
  for (let i = 0; ; i++) {
    const next = unit(i);
    if (text.length + next.length + tail.length > size) return text + tail;
    text += next;
  }
}

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('');
}

const MANY = 'groups: { g: { hosts: ["h[1:9999]"] } }\n';

/** Each as large as the limits allow, or larger. */
const HOSTILE: readonly (readonly [string, () => string])[] = [
  ['brackets', () => '['.repeat(FULL)],
  ['closing brackets', () => ']'.repeat(FULL)],
  ['braces', () => '{a: '.repeat(FULL / 4)],
  ['dashes', () => '- '.repeat(FULL / 2)],
  ['question marks', () => '? '.repeat(FULL / 2)],
  ['colons', () => ': '.repeat(FULL / 2)],
  ['quotes', () => '"'.repeat(FULL)],
  ['tags', () => '!'.repeat(FULL)],
  ['aliases to nothing', () => '*a '.repeat(FULL / 3)],
  ['pipes', () => '|'.repeat(FULL)],
  ['spaces', () => `a: "x${' '.repeat(FULL - 20)}y"`],
  ['digits', () => `vars: {a: ${'9'.repeat(FULL - 20)}}`],
  ['blank lines', () => '\n'.repeat(MAX_LINES - 1)],
  ['a long list', () => fill('vars: {a: [', () => '1,', ']}')],
  ['a long mapping', () => fill('vars: {', (i) => `a${i},`, '}')],
  ['wrong keys', () => fill('hosts: {a: {', (i) => `k${i},`, '}}', 300_000)],
  ['wrong hosts', () => fill('hosts: {', (i) => `h ${i}: 1,`, '}', 300_000)],
  ['wrong items', () => fill('groups: {a: {hosts: [', () => '1,', ']}}', 150_000)],
  ['one key again and again', () => fill('hosts: {', () => 'h: {},', '}', 300_000)],
  ['aliases', () => fill('vars: {x: &a 1, y: [', () => '*a,', ']}\nhosts: {a: {}}', 200_000)],
  ['anchors', () => fill('vars: {y: [', (i) => `&a${i} 1,`, ']}\nhosts: {a: {}}', 300_000)],
  [
    'the same range again and again',
    () => `groups:\n${lines(9_000, (i) => ` g${i}: {hosts: ["h[1:9999]"]}\n`)}`,
  ],
  ['ranges', () => `hosts:\n${lines(9_000, (i) => ` "a${i}-[1:9999]": {}\n`)}`],
  [
    'groups of one group',
    () => `${MANY.slice(0, -2)},\n${lines(9_000, (i) => ` g${i}: {children: [g]},\n`)}}`,
  ],
  [
    'a chain of groups',
    () => `groups:\n${lines(15_000, (i) => ` g${i}: {children: [g${i + 1}]}\n`)} g15000: {hosts: [a]}`,
  ],
  [
    'a ring of groups',
    () => `groups:\n${lines(15_000, (i) => ` g${i}: {children: [g${(i + 1) % 15_000}]}\n`)}`,
  ],
  ['a chain of jumps', () => `hosts:\n h0: {}\n${lines(9_000, (i) => ` h${i + 1}: {jump: h${i}}\n`)}`],
  ['jumps through all', () => `${fill('defaults: {jump: [', (i) => `h${i},`, ']}', 60_000)}\n${MANY}`],
  ['variables times hosts', () => `${fill('vars: {', (i) => `v${i}: 1,`, '}', 60_000)}\n${MANY}`],
  ['services times hosts', () => `${MANY}services:\n${lines(5_000, (i) => ` s${i}: {on: g}\n`)}`],
  [
    'selectors',
    () => `${MANY}services:\n${lines(500, (i) => ` s${i}: {on: "${'*1*1*:!h9*:'.repeat(40)}g"}\n`)}`,
  ],
  [
    'names that are nearly right',
    () =>
      fill('hosts: {', (i) => `host-${i.toString(36)}-x: {jump: hots-${i.toString(36)}-y},`, '}', 300_000),
  ],
  ['one address', () => fill('hosts: {', (i) => `h${i}: {address: a.example.com},`, '}', 250_000)],
];

describe('hostile inventories', () => {
  test.each(HOSTILE)('%s: refused or read, in time', (_, make) => {
    const text = make();
    const before = process.threadCpuUsage();
    const codes = codesOf(text);
    const { user, system } = process.threadCpuUsage(before);
    const took = (user + system) / 1_000;
    expect(codes.every((code) => /^PD2\d{3}$/.test(code))).toBe(true);
    expect(codes.length).toBeLessThanOrEqual(101);
    expect(took).toBeLessThan(LIMIT_MS * SLACK);
  });

  test('the limits are where they are said to be', () => {
    const hosts = 'hosts: { h: {} }\n';
    const padded = (size: number) => `${hosts}#${'x'.repeat(size - hosts.length - 1)}`;
    expect(codesOf(padded(MAX_BYTES))).toEqual([]);
    expect(codesOf(padded(MAX_BYTES + 1))).toEqual(['PD2002']);
    expect(codesOf(`${hosts}#${'é'.repeat(MAX_BYTES / 2)}`)).toEqual(['PD2002']);
    expect(codesOf(hosts + '\n'.repeat(MAX_LINES - 2))).toEqual([]);
    expect(codesOf(hosts + '\n'.repeat(MAX_LINES))).toEqual(['PD2002']);
    const list = (length: number) => `${hosts}vars: { a: [${'1,'.repeat(length)}] }`;
    expect(codesOf(list(90_000))).toEqual([]);
    expect(codesOf(list(210_000))).toEqual(['PD2002']);
    const many = (last: number) =>
      `groups: { a: { hosts: ["h[1:5000]"] }, b: { hosts: ["h[5001:${last}]"] } }`;
    expect(codesOf(many(10_000))).toEqual([]);
    expect(codesOf(many(10_001))).toEqual(['PD2029']);
    const nested = (depth: number) =>
      `hosts: { h: { vars: { a: ${'['.repeat(depth)}${']'.repeat(depth)} } } }`;
    expect(codesOf(nested(MAX_DEPTH - 4))).toEqual([]);
    expect(codesOf(nested(MAX_DEPTH - 3))).toEqual(['PD2005']);
  });

  test('of two equal keys the first counts, also for where its faults are', () => {
    const result = parse('hosts:\n  h: { prot: 1 }\n  h: { zone: a }\n');
    const lines = result.ok ? [] : result.problems.map(({ code, at }) => [code, at?.line]);
    expect(lines).toEqual([
      ['PD2014', 2],
      ['PD2009', 3],
    ]);
  });

  test('brackets in text and comments are not nesting', () => {
    const text = `vars:\n  a: "${'['.repeat(100)}"\n  b: |\n    ${'{'.repeat(100)}\n# ${'['.repeat(100)}\nhosts: { h: {} }`;
    expect(codesOf(text)).toEqual([]);
  });

  test('aliases may be used, but not to multiply', () => {
    const used = valid(
      'vars: { a: &a [1, 2], b: *a, c: [*a, *a] }\nhosts: { h: &h { vars: { x: 1 } }, i: *h }',
    );
    expect(hostOf(used, 'h').vars.get('c')).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(hostOf(used, 'i').vars.get('x')).toBe(1);
    const laughs = lines(
      9,
      (i) => `  v${i + 1}: &v${i + 1} [${Array.from({ length: 9 }, () => `*v${i}`).join(', ')}]\n`,
    );
    expect(codesOf(`vars:\n  v0: &v0 lol\n${laughs}hosts: { h: {} }`)).toEqual(['PD2010']);
    const deep = lines(70, (i) => `  v${i + 1}: &v${i + 1} [*v${i}]\n`);
    expect(codesOf(`vars:\n  v0: &v0 lol\n${deep}hosts: { h: {} }`)).toEqual(['PD2010']);
  });

  test('deep nesting does not end the process, not even the second time', () => {
    const script = `
      const { parseInventory } = await import(${JSON.stringify(MODULE)});
      const around = { extraVars: new Map(), now: new Date(0), home: '/', user: 'u', dir: '/' };
      const codes = ['[', '{a: ', '- ', '? ', '- [', '!!map {a: '].flatMap((unit) => [1, 2, 3].map(() => {
        const result = parseInventory(unit.repeat(100000), 'f', around);
        return result.ok ? 'ok' : result.problems[0].code;
      }));
      console.log([...new Set(codes)].join());`;
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect({ stdout, status }).toEqual({ stdout: 'PD2005\n', status: 0 });
  });

  test('keys named like parts of an object are only names', () => {
    const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype'];
    const text = `
hosts: { ${names.map((name) => `${name}: { vars: { constructor: 1, toString: 2 } }`).join(', ')} }
groups: { isPrototypeOf: { hosts: [constructor] } }
services: { constructor: { on: "isPrototypeOf", instances: { constructor: { valueof: 3 } } } }
`;
    const inventory = valid(text);
    expect([...inventory.hosts.keys()]).toEqual(names);
    expect(hostOf(inventory, 'toString').vars.get('constructor')).toBe(1);
    expect(hostOf(inventory, 'toString').instances).toEqual([]);
    expect(hostOf(inventory, 'constructor').instances.map(({ unit }) => unit)).toEqual([
      'constructor@constructor.service',
    ]);
    expect(codesOf('groups: { g: { children: [toString] , hosts: [h] } }')).toEqual(['PD2020']);
  });

  test('__proto__ is refused everywhere and pollutes nothing', () => {
    for (const text of [
      '__proto__: { polluted: 1 }\nhosts: { h: {} }',
      'hosts: { __proto__: { port: 1 }, h: {} }',
      'hosts: { h: { vars: { a: [{ "__proto__": { polluted: 1 } }] } } }',
      'hosts: { h: { vars: { "\\x5f_proto__": { polluted: 1 } } } }',
    ]) {
      expect(codesOf(text)).toEqual(['PD2012']);
    }
    expect('polluted' in {}).toBe(false);
  });
});
