import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/model/json.ts';
import { hostOf, valid } from './around.ts';

/** Farthest first. Each writes its own name into `v`; the nearest of those present must win. */
const LEVELS = [
  'top',
  'service',
  'parent',
  'child',
  'later',
  'host',
  'instance',
  'hostInstance',
  'extra',
] as const;
type Level = (typeof LEVELS)[number];

/** Levels that only exist for an instance, not for the host as such. */
const INSTANCE_ONLY: readonly Level[] = ['service', 'instance', 'hostInstance'];

function inventoryWith(levels: readonly Level[]) {
  const v = (level: Level) => (levels.includes(level) ? `{ v: ${level} }` : '{}');
  const text = `
vars: ${v('top')}
groups:
  later: { hosts: [h], vars: ${v('later')}, children: [] }
  child: { hosts: [h], vars: ${v('child')} }
  parent: { children: [child, later2], vars: ${v('parent')} }
  later2: { hosts: [h] }
  above: { children: [above2] }
  above2: { children: [later] }
hosts:
  h: { vars: ${v('host')}, instances: { s: { "1": ${v('hostInstance')} } } }
services:
  s: { on: h, vars: ${v('service')}, instances: { "1": ${v('instance')} } }
`;
  return valid(text, levels.includes('extra') ? { extraVars: new Map([['v', 'extra']]) } : {});
}

function onInstance(levels: readonly Level[]): Json | undefined {
  return hostOf(inventoryWith(levels), 'h').instances[0]?.vars.get('v');
}

const PAIRS = LEVELS.flatMap((far, index) => LEVELS.slice(index + 1).map((near) => [far, near] as const));

describe('precedence of variables', () => {
  test.each(PAIRS)('%s gives way to %s', (far, near) => {
    expect(onInstance([far])).toBe(far);
    expect(onInstance([near])).toBe(near);
    expect(onInstance([far, near])).toBe(near);
  });

  test('every level at once: the command line wins', () => {
    expect(onInstance([...LEVELS])).toBe('extra');
  });

  test.each(LEVELS)('a host sees %s unless it belongs to instances', (level) => {
    const value = hostOf(inventoryWith([level]), 'h').vars.get('v');
    expect(value).toBe(INSTANCE_ONLY.includes(level) ? undefined : level);
  });

  test('of two groups at the same depth the later one in the file is nearer', () => {
    const groups = (first: string, second: string) =>
      `groups:\n  ${first}: { hosts: [h], vars: { v: ${first} } }\n  ${second}: { hosts: [h], vars: { v: ${second} } }`;
    expect(hostOf(valid(groups('a', 'b')), 'h').vars.get('v')).toBe('b');
    expect(hostOf(valid(groups('b', 'a')), 'h').vars.get('v')).toBe('a');
    expect(hostOf(valid(groups('a', 'b')), 'h').groups).toEqual(['b', 'a', 'all']);
  });

  test('a child is nearer than its parent, wherever they stand in the file', () => {
    const parent = '  p: { children: [c], vars: { v: p } }';
    const child = '  c: { hosts: [h], vars: { v: c } }';
    for (const text of [`groups:\n${parent}\n${child}`, `groups:\n${child}\n${parent}`]) {
      const host = hostOf(valid(text), 'h');
      expect(host.vars.get('v')).toBe('c');
      expect(host.groups).toEqual(['c', 'p', 'all']);
    }
  });

  test('a value is replaced whole, not merged', () => {
    const text =
      'vars: { list: [1, 2], map: { a: 1 } }\nhosts: { h: { vars: { list: [3], map: { b: 2 } } } }';
    const { vars } = hostOf(valid(text), 'h');
    expect(vars.get('list')).toEqual([3]);
    expect(vars.get('map')).toEqual({ b: 2 });
  });

  test('null and false are values and win as such', () => {
    const text = 'vars: { a: 1, b: 1 }\nhosts: { h: { vars: { a: null, b: false } } }';
    const { vars } = hostOf(valid(text), 'h');
    expect([vars.get('a'), vars.get('b')]).toEqual([null, false]);
  });
});
