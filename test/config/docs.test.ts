import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CODE } from '../../src/config/codes.ts';
import { hostOf, valid } from './around.ts';

const DOCS = readFileSync(new URL('../../docs/inventory.md', import.meta.url), 'utf8');

function sorted(values: Iterable<string>): readonly string[] {
  return [...values].sort((a, b) => (a < b ? -1 : 1));
}

describe('docs/inventory.md', () => {
  test('lists each code once, and only codes there are', () => {
    const listed = [...DOCS.matchAll(/^\| (PD\d{4}) \| \S.* \|$/gm)].map((match) => match[1] ?? '');
    expect(listed).toEqual(sorted(Object.values(CODE)));
    expect(new Set(listed).size).toBe(listed.length);
  });

  test('every code is used', () => {
    const root = new URL('../../src/config/', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const source = files.map((file) => readFileSync(new URL(file, root), 'utf8')).join('\n');
    expect(Object.keys(CODE).filter((name) => !source.includes(`CODE.${name}`))).toEqual([]);
  });

  test('its example is a valid inventory', () => {
    const example = /## The file\n\n```yaml\n([\s\S]*?)```/.exec(DOCS)?.[1] ?? '';
    const inventory = valid(example);
    expect(inventory.groups.get('edge-eu')).toHaveLength(6);
    expect(hostOf(inventory, 'edge-04').connection.jump.map(({ name }) => name)).toEqual(['bastion-eu']);
    expect(hostOf(inventory, 'edge-04').instances[1]?.vars.get('port')).toBe(6189);
  });
});
