import { expect, test } from 'vitest';
import { parseAnchors } from '../../src/execute/audit.ts';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];

test('anchors are read line by line, and a damaged line is none', () => {
  const text = [`d-1 ${A} 12 ${B}`, 'd-2 cut off', `d-3 ${A} 40 ${A}`, ''].join('\n');
  expect(parseAnchors(text)).toEqual([
    { deployment: 'd-1', chain: A, n: 12, hash: B },
    { deployment: 'd-3', chain: A, n: 40, hash: A },
  ]);
});
