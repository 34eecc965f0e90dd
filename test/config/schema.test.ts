import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { inventorySchemaJson } from '../../src/config/json-schema.ts';
import { readYaml } from '../../src/config/yaml/read.ts';

const COMMITTED = readFileSync(new URL('../../docs/inventory.schema.json', import.meta.url), 'utf8');

type Node = { readonly [key: string]: unknown };

/** Every place of the schema that describes a named key. */
function properties(node: unknown, path = ''): readonly (readonly [string, Node])[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    const own = key === 'properties' ? Object.entries(value as Record<string, Node>) : [];
    return [
      ...own.map(([name, schema]) => [`${path}.${name}`, schema] as const),
      ...properties(value, `${path}.${key}`),
    ];
  });
}

describe('inventory.schema.json', () => {
  test('the committed file is the generated one; `pdeploy schema` writes it', () => {
    expect(COMMITTED).toBe(inventorySchemaJson());
  });

  test('is draft 7, which editors read, and describes every key', () => {
    const schema: Node = JSON.parse(COMMITTED);
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    const all = properties(schema);
    expect(all.length).toBeGreaterThan(40);
    const silent = all.filter(([, node]) => node.description === undefined && node.$ref === undefined);
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  test.each(['prod', 'staging'])('an editor finds nothing wrong with %s.yaml', (name) => {
    const file = new URL(`../../inventories/${name}.yaml`, import.meta.url);
    const read = readYaml(readFileSync(file, 'utf8'), name);
    const schema = z.fromJSONSchema(JSON.parse(COMMITTED));
    expect(read.ok && schema.safeParse(read.value).error?.issues).toBeUndefined();
    expect(schema.safeParse({ hosts: { h: { prot: 1 } } }).success).toBe(false);
    expect(schema.safeParse({ hosts: { h: { port: 'x' } } }).success).toBe(false);
  });
});
