import type { YAMLParseError } from 'yaml';
import { harmless } from '../show.ts';

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^Flow map .* end with a }/, 'a { further up is not closed with a }'],
  [/^Flow sequence .* end with a \]/, 'a [ further up is not closed with a ]'],
  [/^Implicit map keys need to be followed/, 'this is neither "key: value" nor an item of a list'],
  [/^Implicit keys need to be on a single line/, 'a key must be on one line'],
  [
    /^Nested mappings are not allowed in compact/,
    'two keys on one line; put a value with ": " in it in quotes',
  ],
  [/^All (?:mapping|collection) items must start/, 'the line is indented differently from its neighbours'],
  [/^Tabs are not allowed as indentation/, 'indentation must be spaces, not tabs'],
  [/^With stringKeys/, 'a key must be plain text'],
];
const WIDTH = 120;

/** What the YAML parser found, for a person who does not know the terms of its specification. */
export function plainWords(error: YAMLParseError): string {
  const message = harmless(error.message.slice(0, 2 * WIDTH).split('\n')[0] ?? '').replace(/\.+$/, '');
  const known = WORDS.find(([pattern]) => pattern.test(message));
  if (known !== undefined) return known[1];
  const short = message.length > WIDTH ? `${message.slice(0, WIDTH - 3)}...` : message;
  return short.charAt(0).toLowerCase() + short.slice(1);
}
