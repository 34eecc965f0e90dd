import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parseInventory } from '../../src/config/parse.ts';
import { renderProblems } from '../../src/config/problems.ts';
import { AROUND } from '../config/around.ts';
import { timed } from './timed.ts';

const ROOT = new URL('../../inventories/', import.meta.url);
const SEEDS = ['prod.yaml', 'staging.yaml'].map((file) => readFileSync(new URL(file, ROOT), 'utf8'));
const WORD = /[\w.@-]+/g;
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

/** How often what came of a text: `ok`, or a code. */
export type Outcomes = ReadonlyMap<string, number>;

/**
 * Damages the shipped inventories in so many ways; each must be an inventory, or problems with their places in the text.
 * @throws with the seed and the smallest text that breaks this
 */
export function fuzzInventories(inputs: number): Outcomes {
  const outcomes = new Map<string, number>();
  const count = (what: string): void => void outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(fc.constantFrom(...SEEDS), fc.array(edit, { minLength: 1, maxLength: 4 }), (seed, edits) => {
      const text = mutate(seed, edits);
      const result = timed(() => parseInventory(text, 'fuzz.yaml', AROUND));
      for (const problem of result.ok ? result.warnings : result.problems) {
        assert.match(problem.code, /^PD2\d{3}$/);
        if (problem.at === undefined) continue;
        assert.ok(problem.at.line >= 1 && problem.at.line <= text.split('\n').length);
        assert.ok(problem.at.col >= 1);
      }
      if (result.ok) return count('ok');
      assert.ok(result.problems.length > 0);
      const rendered = renderProblems(result.problems);
      assert.deepEqual(
        UNPRINTABLE.filter((char) => rendered.includes(char)),
        [],
      );
      for (const { code } of result.problems) count(code);
    }),
    { numRuns: inputs },
  );
  return outcomes;
}
