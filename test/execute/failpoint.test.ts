import { expect, test } from 'vitest';
import { parseFailpoint } from '../../src/execute/failpoint.ts';
import { failpointNames } from '../../src/execute/failpoint-names.ts';

const NAMES = new Set(failpointNames());

test.each([
  ['event.wave.started.before:kill', { name: 'event.wave.started.before', nth: 1, action: { kind: 'kill' } }],
  ['call.commit.after@3:drop', { name: 'call.commit.after', nth: 3, action: { kind: 'drop' } }],
  ['call.commit.before:stop', { name: 'call.commit.before', nth: 1, action: { kind: 'stop' } }],
  [
    'call.lease.before:sleep=2500',
    { name: 'call.lease.before', nth: 1, action: { kind: 'sleep', ms: 2_500 } },
  ],
])('%s', (text, want) => {
  expect(parseFailpoint(text, NAMES)).toEqual(want);
});

test.each([
  ['event.wave.started.before', 'PDEPLOY_FAILPOINT is "event.wave.started.before"'],
  ['event.wave.started.before:explode', 'PDEPLOY_FAILPOINT is "event.wave.started.before:explode"'],
  ['event.wave.started.before@0:kill', 'PDEPLOY_FAILPOINT is "event.wave.started.before@0:kill"'],
  ['event.wave.started:kill', 'there is no failpoint event.wave.started'],
  ['event.wave.started.after:drop', 'there is no failpoint event.wave.started.after that can drop'],
])('%s is refused', (text, want) => {
  expect(() => parseFailpoint(text, NAMES)).toThrow(want);
});

test('there is one on both sides of every event and every call', () => {
  expect(NAMES).toContain('event.deployment.started.before');
  expect(NAMES).toContain('call.undo.after');
  expect([...NAMES].filter((n) => n.endsWith('.before')).length * 2).toBe(NAMES.size);
});
