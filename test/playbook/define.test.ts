import { describe, expect, test } from 'vitest';
import { definePlaybook, extendPlaybook, file, Secret, UsageError, z } from '../../src/index.ts';
import { comparable, firstDifference } from '../../src/playbook/comparable.ts';
import { compileSteps } from '../../src/playbook/compile-steps.ts';
import type { StrategyOptions } from '../../src/playbook/strategy.ts';
import { aHost } from '../resource/sample.ts';

const base = { name: 'p', service: 'edge', steps: () => [] };

describe('strategy', () => {
  test('is converted, and what is left out stays out', () => {
    const strategy: StrategyOptions = {
      wave: [1, 5, '20%'],
      canary: 1,
      promote: 'manual',
      minHealthy: { domain: 'zone', amount: '80%' },
      pauseBetweenWaves: '1m',
      minHealthyTime: '10s',
      healthyDeadline: '2m',
      progressDeadline: '1h',
      maxFailures: 2,
      rollback: 'wave',
      onUnreachable: 'defer',
    };
    expect(definePlaybook({ ...base, strategy }).strategy).toEqual({
      waves: [
        { kind: 'count', value: 1 },
        { kind: 'count', value: 5 },
        { kind: 'percent', value: 20 },
      ],
      canary: 1,
      promote: 'manual',
      minHealthyPerDomain: { domain: 'zone', amount: { kind: 'percent', value: 80 } },
      pauseBetweenWavesMs: 60_000,
      minHealthyMs: 10_000,
      healthyDeadlineMs: 120_000,
      progressDeadlineMs: 3_600_000,
      maxFailures: 2,
      rollback: 'wave',
      onUnreachable: 'defer',
    });
    expect(definePlaybook({ ...base, strategy: { wave: '25%' } }).strategy).toEqual({
      waves: [{ kind: 'percent', value: 25 }],
    });
    expect(definePlaybook(base).strategy).toEqual({});
  });

  test.each([0, -1, 1.5, '101%', 'all', '', []])('a wave of %j is refused', (wave) => {
    expect(() => definePlaybook({ ...base, strategy: { wave: wave as never } })).toThrow(UsageError);
  });
});

test('hooks get a time-out', () => {
  const { hooks } = definePlaybook({
    ...base,
    hooks: { beforeWave: ['./drain'], onFailure: { argv: ['./page', 'ops'], timeout: '5s' } },
  });
  expect(hooks).toEqual({
    beforeWave: { argv: ['./drain'], timeoutMs: 60_000 },
    onFailure: { argv: ['./page', 'ops'], timeoutMs: 5_000 },
  });
});

test('a playbook can be extended', () => {
  const first = definePlaybook({ ...base, strategy: { wave: 2, canary: 1 }, hooks: { beforePlan: ['a'] } });
  const second = extendPlaybook(first, { name: 'q', strategy: { canary: 0 } });
  expect(second).toMatchObject({
    name: 'q',
    service: 'edge',
    strategy: { waves: [{ kind: 'count', value: 2 }], canary: 0 },
    hooks: { beforePlan: { argv: ['a'] } },
  });
  expect(first.strategy.canary).toBe(1);
});

test('variables reach the steps parsed, with defaults', () => {
  const playbook = definePlaybook({
    ...base,
    vars: z.object({ greeting: z.string().default('hello'), times: z.number() }),
    steps: ({ vars, host, label }) => [
      file({ path: '/etc/motd', content: `${vars.greeting} ${host.name} ${label}\n`.repeat(vars.times) }),
    ],
  });
  const [step] = compileSteps(playbook, aHost({ vars: { times: 2, other: 'ignored' } }), 'edge', 'v7').steps;
  expect(step).toMatchObject({ desired: { content: 'hello edge-01 v7\nhello edge-01 v7\n' } });
});

test('only instances of the service are given', () => {
  const names: string[] = [];
  const playbook = definePlaybook({
    ...base,
    steps: ({ instances }) => {
      names.push(...instances.map((i) => i.id));
      return [];
    },
  });
  compileSteps(playbook, aHost({ service: 'other' }), 'edge', 'v1');
  expect(names).toEqual([]);
  compileSteps(playbook, aHost(), 'edge', 'v1');
  expect(names).toEqual(['edge-01@1', 'edge-01@1']);
});

describe('two results of steps()', () => {
  test('are compared by what secrets hold, without showing it', () => {
    let n = 0;
    const playbook = definePlaybook({
      ...base,
      steps: () => [file({ path: '/k', content: new Secret('k', `hunter${n++}`) })],
    });
    const run = () => compileSteps(playbook, aHost(), 'edge', 'v1');
    expect(run).toThrow(
      expect.objectContaining({
        code: 'PD2110',
        message: 'steps() of p gave two different results for the same host: file:/k desired.content.digest',
      }),
    );
    expect(run).not.toThrow(/hunter/);
  });

  test('may hold the same functions, maps and dates', () => {
    const value = {
      map: new Map([['a', new Date(0)]]),
      fn: () => 1,
      n: Number.NaN,
      big: 1n,
      set: new Set([1]),
      u: undefined,
    };
    expect(comparable(value)).toEqual(comparable({ ...value, fn: () => 2 }));
    expect(firstDifference(comparable(value), comparable({ ...value, n: 1 }))).toMatchObject({ path: 'n' });
  });
});
