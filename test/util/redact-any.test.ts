import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redact, redactor } from '../../src/util/redact.ts';
import { Secret } from '../../src/util/secret.ts';
import { FORMS } from './forms.ts';

const secretText = fc
  .string({ unit: 'grapheme', minLength: 6, maxLength: 24 })
  .filter((t) => [...t.trim()].length >= 6 && t.isWellFormed() && t.trim() === t);

test('any secret in any form, with anything around it, in pieces of any size', () => {
  fc.assert(
    fc.property(
      secretText,
      fc.constantFrom(...FORMS.values()),
      fc.string({ maxLength: 8 }),
      fc.string({ maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 20 }),
      (text, form, before, after, sizes) => {
        new Secret('s', text);
        const whole = `${before}|${form(text)}|${after}`;
        const shown = redact(whole);
        expect(shown).not.toContain(form(text));
        expect(shown).toContain('<secret ');
        const { push, end } = redactor();
        let pieces = '';
        let at = 0;
        for (let i = 0; at < whole.length; i += 1) {
          const size = sizes[i % sizes.length] ?? 1;
          pieces += push(whole.slice(at, at + size));
          at += size;
        }
        pieces += end();
        expect(pieces).not.toContain(form(text));
        expect(pieces).toContain('<secret ');
      },
    ),
    { numRuns: 300 },
  );
});
