import { expect, test, vi } from 'vitest';
import { handleError } from '../../src/cli/handle-error.ts';
import { UsageError } from '../../src/errors.ts';
import { definePlaybook, logrotate, unit } from '../../src/index.ts';
import { credentialKeys } from '../../src/resource/credentials.ts';
import { renderUnit } from '../../src/resource/unit/section.ts';

/** What the fuzzing of playbooks has found; each was a TypeError. */
test.each([
  ['logrotate() without options', () => logrotate(undefined as never)],
  ['a name that is a bigint', () => definePlaybook({ name: 1n, service: 2n, steps: () => [] } as never)],
  [
    'a name that has no text',
    () => definePlaybook({ name: Object.create(null), service: 'edge', steps: () => [] } as never),
  ],
  [
    'a variable that has no text',
    () => renderUnit({ service: { Environment: { A: Object.create(null) as never } } }),
  ],
  [
    'a credential that is null',
    () => credentialKeys({ db: null as never }, 'edge', unit`/run/pdeploy/edge/1/current`),
  ],
  ['a size that has no text', () => renderUnit({ service: { MemoryMax: Object.create(null) as never } })],
])('%s is refused with a reason', (_, make) => {
  expect(make).toThrow(UsageError);
});

test('a unit takes no size that says something else when it is asked again', () => {
  let asked = 0;
  const sly = { toString: () => (asked++ === 0 ? '1G' : '1G\nUser=root') };
  expect(() => renderUnit({ service: { MemoryMax: sly as never } })).toThrow(UsageError);
});

test('an error is printed without its control characters, in its lines', () => {
  const printed: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  handleError(UsageError.of('PD2130', 'a \u001b]52;c;eA==\u0007b\u009b2J\u202e\nc', 'd\u0000'), false);
  expect(printed.join('')).toBe('error PD2130: a b\nc\n  hint: d\n');
});
