import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fuzzInventories } from './inventories.ts';
import { fuzzPlaybooks } from './playbooks.ts';

// Damage that all died at the first check would prove little.
test.each([
  { what: 'inventories', fuzz: fuzzInventories, inputs: 12_000, codes: 20 },
  { what: 'playbooks', fuzz: fuzzPlaybooks, inputs: 8_000, codes: 6 },
])(
  '$inputs damaged $what: accepted or refused with a reason, and nothing is touched',
  ({ fuzz, inputs, codes }) => {
    const before = process.cwd();
    const dir = mkdtempSync(join(tmpdir(), 'pdeploy-fuzz-'));
    process.chdir(dir);
    try {
      const outcomes = fuzz(inputs);
      expect(outcomes.get('ok') ?? 0).toBeGreaterThan(inputs / 50);
      expect(outcomes.size).toBeGreaterThan(codes);
      expect(readdirSync(dir)).toEqual([]);
      expect(readdirSync('/tmp').filter((name) => name.startsWith('pwn'))).toEqual([]);
    } finally {
      process.chdir(before);
      rmSync(dir, { recursive: true });
    }
  },
  300_000,
);
