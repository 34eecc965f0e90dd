import { expect, test } from 'vitest';
import { strategyFlags } from '../../src/cli/strategy-flags.ts';
import { UsageError } from '../../src/errors.ts';

test('flags become a part of a strategy, in milliseconds', () => {
  const flags = {
    wave: '1,5,20%',
    canary: '2',
    promote: 'manual',
    'min-healthy-time': '1m',
    'healthy-deadline': '90',
    rollback: 'wave',
  };
  expect(strategyFlags(flags)).toEqual({
    waves: [
      { kind: 'count', value: 1 },
      { kind: 'count', value: 5 },
      { kind: 'percent', value: 20 },
    ],
    canary: 2,
    promote: 'manual',
    minHealthyMs: 60_000,
    healthyDeadlineMs: 90_000,
    rollback: 'wave',
  });
});

test('what was not given stays with the playbook', () => {
  expect(strategyFlags({ yes: true, wave: undefined })).toEqual({});
});

test('all wrong flags are told at once', () => {
  const flags = { wave: '1,x', canary: '-1', 'min-healthy-time': 'soon', 'max-failures': '1.5' };
  try {
    strategyFlags(flags);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).problems.map((p) => p.message)).toEqual([
      '--min-healthy-time soon: expected a duration such as 10s, 2m or 500ms',
      '--canary -1: expected a whole number',
      '--max-failures 1.5: expected a whole number',
      '--wave 1,x: expected sizes such as 1, 25% or 1,5,20%',
    ]);
  }
});
