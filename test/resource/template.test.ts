import fc from 'fast-check';
import { expect, test } from 'vitest';
import { substitute } from '../../src/resource/template.ts';
import { Secret } from '../../src/util/secret.ts';

test('values go in as they are', () => {
  expect(substitute('a {{ x }}{{y}} {{  x }}\n{ {z} }', 't', { x: '{{ y }} $1 $&', y: 5 })).toBe(
    'a {{ y }} $1 $&5 {{ y }} $1 $&\n{ {z} }',
  );
  expect(substitute('{{ on }}', 't', { on: true })).toBe('true');
});

test('one secret makes the whole text secret', () => {
  const text = substitute('key={{ key }} port={{ port }}', 'edge.yaml', {
    key: new Secret('k', 'hunter2'),
    port: 1,
  });
  expect(text).toBeInstanceOf(Secret);
  expect(String(text)).toBe('<secret edge.yaml>');
  expect((text as Secret).reveal()).toBe('key=hunter2 port=1');
});

test.each([
  [
    '{{ prot }}',
    { port: 1 },
    'template t:1: no value for "prot", did you mean "port"?\ntemplate t: the value "port" is used nowhere in it',
  ],
  ['a\nb {{ toString }}', {}, 'template t:2: no value for "toString"'],
  ['{{ }}', {}, 'template t:1: no value for ""'],
  ['plain', { a: 1 }, 'template t: the value "a" is used nowhere in it'],
])('%j with %j is refused', (text, vars, message) => {
  expect(() => substitute(text, 't', vars)).toThrow(expect.objectContaining({ code: 'PD2134', message }));
});

test('text without braces stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(!text.includes('{{'));
      expect(substitute(text, 't', {})).toBe(text);
    }),
  );
});
