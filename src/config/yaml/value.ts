import { isScalar } from 'yaml';
import type { Json } from '../../model/json.ts';
import { readYaml } from './read.ts';

/**
 * One value from a command line. `undefined` when it begins like a quoted text, list or mapping and is not one.
 * Text with a meaning in YAML elsewhere, such as `a: b` or `#1`, stays text.
 */
export function readValue(text: string): Json | undefined {
  if (text === '') return '';
  const read = readYaml(text, 'value');
  const clean = read.ok && read.problems.count() === 0;
  if (/^["'[{]/.test(text)) return clean ? read.value : undefined;
  const root = read.ok ? read.source.root : null;
  const whole = isScalar(root) && root.range?.[0] === 0 && root.range[1] === text.length;
  return clean && whole && root.type === 'PLAIN' ? read.value : text;
}
