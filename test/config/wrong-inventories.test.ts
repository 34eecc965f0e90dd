import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseInventory } from '../../src/config/parse.ts';
import { renderProblems } from '../../src/config/problems.ts';
import { AROUND } from './around.ts';
import { MEANING } from './wrong-inventories/meaning.ts';
import { SHAPE } from './wrong-inventories/shape.ts';
import { TEXT } from './wrong-inventories/text.ts';

const FOLDER = new URL('./wrong-inventories/', import.meta.url);
const CASES: ReadonlyMap<string, string> = new Map([...TEXT, ...SHAPE, ...MEANING]);

describe('wrong inventories', () => {
  test.each([...CASES])('%s', (file, expected) => {
    const result = parseInventory(readFileSync(new URL(file, FOLDER), 'utf8'), file, AROUND);
    expect(result.ok ? 'nothing wrong' : renderProblems(result.problems)).toBe(expected.slice(1));
  });

  test('each file of the folder has its expected text', () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));
    expect(files.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
      [...CASES.keys()].toSorted((a, b) => (a < b ? -1 : 1)),
    );
    expect(files.length).toBeGreaterThanOrEqual(30);
  });
});
