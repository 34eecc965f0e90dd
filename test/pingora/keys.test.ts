import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { valueProblem } from '../../src/pingora/key.ts';
import { KEY_NAMES, KEYS } from '../../src/pingora/keys.ts';
import { serverConfModule } from '../../src/pingora/reference.ts';

test('the types for playbooks are made from the table', async () => {
  await expect(serverConfModule()).toMatchFileSnapshot('../../src/pingora/server-conf.ts');
});

test('a key is there once', () => {
  expect(new Set(KEY_NAMES).size).toBe(KEY_NAMES.length);
  expect(KEY_NAMES.length).toBe(36);
});

test('the sample configuration of the reference service has known keys alone, but for its own', () => {
  const file = new URL('../../examples/edge/config/edge.yaml', import.meta.url);
  const sample = Object.keys(parse(readFileSync(file, 'utf8')) as object);
  expect(sample.filter((key) => key !== 'app' && !KEY_NAMES.includes(key))).toEqual([]);
});

describe('a value', () => {
  const key = (name: string) => {
    const found = KEYS.find((k) => k.name === name);
    if (found === undefined) throw new Error(name);
    return found;
  };
  test.each([
    ['threads', 4, undefined],
    ['threads', '4', 'expected a whole number from 0'],
    ['threads', 1.5, 'expected a whole number from 0'],
    ['threads', -1, 'expected a whole number from 0'],
    ['threads', null, 'expected a whole number from 0'],
    ['grace_period_seconds', null, undefined],
    ['daemon', 'yes', 'expected true or false'],
    ['client_bind_to_ipv4', ['10.0.0.1'], undefined],
    ['client_bind_to_ipv4', '10.0.0.1', 'expected a list of texts'],
    ['runtime_metrics_poll_time_histogram_scale', 'log', undefined],
    ['runtime_metrics_poll_time_histogram_scale', 'exponential', 'expected linear or log'],
    ['runtime_metrics_poll_time_histogram_buckets', 1025, 'expected a whole number from 1 to 1024'],
  ])('%s: %j', (name, value, problem) => expect(valueProblem(key(name), value)).toBe(problem));
});
