import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseInventory } from '../../src/config/parse.ts';
import { renderProblems } from '../../src/config/problems.ts';
import { AROUND } from './around.ts';

const ROOT = new URL('../../inventories/', import.meta.url);
const SEEDS = ['prod.yaml', 'staging.yaml'].map((file) => readFileSync(new URL(file, ROOT), 'utf8'));
const WORD = /[\w.@-]+/g;
const RUNS = 5_000;
/** Processor time; 2 s. */
const LIMIT_US = 2_000_000;

const NASTY = [
  ...[
    '[',
    ']',
    '{',
    '}',
    ':',
    ': ',
    '- ',
    '? ',
    '"',
    "'",
    '#',
    '&a ',
    '*a',
    '!x ',
    '|',
    '>',
    '%',
    '<<: *a',
    '\n',
    '\t',
  ],
  ...[
    '\u0000',
    '\u202e',
    '\ud800',
    '\ufeff',
    '\r',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '__proto__: {}',
    '!secret x',
  ],
  ...[
    '[1:99999]',
    '[01:20]',
    '-oProxyCommand=id',
    '$(id)',
    '999999999999999999999',
    '.inf',
    'null',
    '~',
    'edge',
    'all',
  ],
];

type Edit = { readonly at: number; readonly length: number | 'word'; readonly text: string };

const edit = fc.record({
  at: fc.noBias(fc.nat(9_999)),
  length: fc.oneof(fc.constant('word' as const), fc.constant(0), fc.nat(3), fc.nat(200)),
  text: fc.oneof(
    fc.constant(''),
    fc.constantFrom(...NASTY),
    fc.constantFrom(...SEEDS.flatMap((seed) => seed.match(WORD) ?? [])),
    fc.string({ unit: 'binary', maxLength: 6 }),
  ),
});

function mutate(seed: string, edits: readonly Edit[]): string {
  return edits.reduce((text, { at, length, text: insert }) => {
    const from = Math.floor((at * text.length) / 10_000);
    if (length !== 'word') return text.slice(0, from) + insert + text.slice(from + length);
    const before = text.slice(0, from).replace(/[\w.@-]*$/, '');
    const word = /^[\w.@-]*/.exec(text.slice(before.length))?.[0] ?? '';
    return before + insert + text.slice(before.length + word.length);
  }, seed);
}

const UNPRINTABLE = ['\u0000', '\u0007', '\u001b', '\u202e'];

describe('mutated inventories', () => {
  test(`${RUNS} of them: an inventory or problems with positions, never anything thrown`, () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(
        fc.constantFrom(...SEEDS),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        (seed, edits) => {
          const text = mutate(seed, edits);
          const before = process.threadCpuUsage();
          const result = parseInventory(text, 'fuzz.yaml', AROUND);
          const { user, system } = process.threadCpuUsage(before);
          expect(user + system).toBeLessThan(LIMIT_US);
          for (const problem of result.ok ? result.warnings : result.problems) {
            expect(problem.code).toMatch(/^PD2\d{3}$/);
            if (problem.at === undefined) continue;
            expect(problem.at.line).toBeGreaterThanOrEqual(1);
            expect(problem.at.line).toBeLessThanOrEqual(text.split('\n').length);
            expect(problem.at.col).toBeGreaterThanOrEqual(1);
          }
          if (result.ok) {
            outcomes.set('ok', (outcomes.get('ok') ?? 0) + 1);
            return;
          }
          expect(result.problems.length).toBeGreaterThan(0);
          const rendered = renderProblems(result.problems);
          expect(UNPRINTABLE.filter((char) => rendered.includes(char))).toEqual([]);
          for (const { code } of result.problems) outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
        },
      ),
      { numRuns: RUNS },
    );
    // Mutations that all died in the YAML parser would prove little.
    expect(outcomes.get('ok') ?? 0).toBeGreaterThan(RUNS / 50);
    expect(outcomes.size).toBeGreaterThan(20);
  }, 300_000);
});
