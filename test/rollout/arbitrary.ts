import fc from 'fast-check';
import type { Wave } from '../../src/model/plan.ts';
import type { RolloutHost, RolloutInput, RolloutInstance } from '../../src/model/rollout.ts';
import type { Amount, Strategy } from '../../src/model/strategy.ts';

const amount: fc.Arbitrary<Amount> = fc.oneof(
  fc.record({ kind: fc.constant('count' as const), value: fc.integer({ min: 0, max: 6 }) }),
  fc.record({ kind: fc.constant('percent' as const), value: fc.integer({ min: 0, max: 100 }) }),
);

const strategy: fc.Arbitrary<Strategy> = fc
  .record({
    waves: fc.array(amount, { minLength: 1, maxLength: 3 }),
    canary: fc.integer({ min: 0, max: 3 }),
    promote: fc.constantFrom('auto' as const, 'manual' as const),
    floor: fc.option(
      fc.record({ domain: fc.constantFrom('zone' as const, 'region' as const, 'fleet' as const), amount }),
      { freq: 2 },
    ),
    pauseBetweenWavesMs: fc.constantFrom(0, 0, 7_000),
    progressDeadlineMs: fc.constantFrom(6_000, 20_000, 600_000),
    maxFailures: fc.constantFrom(0, 0, 1, 2, 4),
    rollback: fc.constantFrom(
      'deployment' as const,
      'deployment' as const,
      'wave' as const,
      'instance' as const,
      'none' as const,
    ),
    onUnreachable: fc.constantFrom('fail' as const, 'skip' as const, 'defer' as const),
  })
  .map(({ floor, ...rest }) => ({
    ...rest,
    minHealthyMs: 10_000,
    healthyDeadlineMs: 120_000,
    ...(floor === null ? {} : { minHealthyPerDomain: floor }),
  }));

const instanceShape = fc.record({
  action: fc.constantFrom(
    'restart' as const,
    'restart' as const,
    'restart' as const,
    'start' as const,
    'nothing' as const,
  ),
  broken: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  same: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

const host = fc.record({
  zone: fc.constantFrom(undefined, 'a', 'b', 'c'),
  region: fc.constantFrom('eu', 'us'),
  instances: fc.array(instanceShape, { minLength: 1, maxLength: 3 }),
});

/** Deployments of 1 to 12 hosts with 1 to 3 instances each, with waves cut anyhow. */
export const rolloutInput: fc.Arbitrary<RolloutInput> = fc
  .record({
    hosts: fc.array(host, { minLength: 1, maxLength: 12 }),
    strategy,
    sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ hosts, strategy, sizes }) => {
    const instances = hosts.flatMap((h, n) =>
      h.instances.map(
        (i, k): RolloutInstance => ({
          id: `h${n}@${k}`,
          host: `h${n}`,
          from: i.same || i.action === 'nothing' ? 'new' : i.action === 'start' ? '' : 'old',
          to: 'new',
          action: i.action,
          broken: i.broken || i.action === 'start',
        }),
      ),
    );
    return {
      deployment: 'd-1',
      release: { from: 'old', to: 'new' },
      strategy,
      hosts: hosts.map(
        (h, n): RolloutHost => ({
          name: `h${n}`,
          region: h.region,
          ...(h.zone === undefined ? {} : { zone: h.zone }),
        }),
      ),
      instances,
      waves: cut(instances, strategy.canary, sizes),
      epoch: 0,
    };
  });

function cut(
  instances: readonly RolloutInstance[],
  canary: number,
  sizes: readonly number[],
): readonly Wave[] {
  const touched = instances.filter((i) => i.action !== 'nothing');
  const ids = [...touched.filter((i) => i.broken), ...touched.filter((i) => !i.broken)].map((i) => i.id);
  const waves: Wave[] = [];
  if (canary > 0 && ids.length > 0) waves.push({ number: 1, instances: ids.splice(0, canary), canary: true });
  for (let n = 0; ids.length > 0; n += 1) {
    const size = sizes[Math.min(n, sizes.length - 1)] ?? 1;
    waves.push({ number: waves.length + 1, instances: ids.splice(0, size), canary: false });
  }
  return waves;
}

export const scenario = fc.record({
  input: rolloutInput,
  seed: fc.integer(),
  knobs: fc.record({
    fail: fc.constantFrom(0, 0, 0.1, 0.3, 0.8),
    lost: fc.constantFrom(0, 0.2, 0.6),
    prepareFail: fc.constantFrom(0, 0, 0, 0.1, 0.4),
    command: fc.constantFrom(0, 0, 0.03, 0.1),
    crash: fc.constantFrom(0, 0, 0.02, 0.1),
  }),
});
