import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InstanceObservation } from '../../src/model/facts.ts';
import type { Amount, Strategy } from '../../src/model/strategy.ts';
import { assemble } from '../../src/plan/assemble.ts';
import { comparePlans } from '../../src/plan/compare.ts';
import { describePlan } from '../../src/plan/describe.ts';
import type { PlanHost, PlanInput } from '../../src/plan/input.ts';
import { parsePlanFile, planFile } from '../../src/plan/plan-file.ts';
import { planRefusals } from '../../src/plan/refusals.ts';
import { rolloutInput } from '../../src/plan/rollout-input.ts';
import { same } from '../../src/plan/same.ts';
import { decide } from '../../src/rollout/decide.ts';
import { start } from '../../src/rollout/start.ts';
import { transition } from '../../src/rollout/transition.ts';
import { violations } from '../rollout/oracle.ts';
import { World } from '../rollout/world.ts';
import { compiled, host, NEW, OLD, observation, planHost, planInput, release, running } from './build.ts';

const RUNS = Number(process.env.PDEPLOY_PROPERTY_RUNS ?? 5_000);

const amount: fc.Arbitrary<Amount> = fc.oneof(
  fc.record({ kind: fc.constant('count' as const), value: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('percent' as const), value: fc.integer({ min: 1, max: 100 }) }),
);

const strategy: fc.Arbitrary<Partial<Strategy>> = fc
  .record({
    waves: fc.array(amount, { minLength: 1, maxLength: 3 }),
    canary: fc.integer({ min: 0, max: 2 }),
    maxFailures: fc.integer({ min: 0, max: 2 }),
    onUnreachable: fc.constantFrom('fail' as const, 'skip' as const),
    floor: fc.option(fc.record({ domain: fc.constantFrom('zone' as const, 'fleet' as const), amount })),
  })
  .map(({ floor, ...rest }) => ({ ...rest, ...(floor === null ? {} : { minHealthyPerDomain: floor }) }));

const instance = fc.constantFrom<(name: string) => InstanceObservation | undefined>(
  (name) => running(OLD, { name }),
  (name) => running(OLD, { name }),
  (name) => running(NEW, { name }),
  (name) => running(OLD, { name, activeState: 'failed', mainPid: 0, running: '' }),
  () => undefined,
);

const fleet: fc.Arbitrary<readonly PlanHost[]> = fc
  .array(
    fc.record({
      zone: fc.constantFrom('a', 'b'),
      instances: fc.array(instance, { minLength: 1, maxLength: 3 }),
      kind: fc.constantFrom(
        'seen' as const,
        'seen' as const,
        'seen' as const,
        'cordoned' as const,
        'unreachable' as const,
      ),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((hosts) =>
    hosts.map(({ zone, instances, kind }, n): PlanHost => {
      const names = instances.map((_, k) => String(k + 1));
      const h = host(`h${n}`, {
        zone,
        instances: names,
        ...(kind === 'cordoned' ? { cordon: { reason: 'disk' } } : {}),
      });
      if (kind === 'cordoned') return { host: h, seen: { kind: 'unseen' } };
      if (kind === 'unreachable') return { host: h, seen: { kind: 'unreachable', why: 'no route' } };
      return planHost(h, observation(instances.flatMap((make, k) => make(String(k + 1)) ?? [])));
    }),
  );

const input: fc.Arbitrary<PlanInput> = fc
  .record({ fleet, strategy })
  .map(({ fleet: hosts, strategy: s }) => planInput(hosts, s));

function shuffled(hosts: readonly PlanHost[]): readonly PlanHost[] {
  return hosts.map((h) => {
    if (h.seen.kind !== 'observed') return h;
    const seen = h.seen.observation;
    return {
      ...h,
      seen: {
        ...h.seen,
        observation: {
          ...seen,
          releases: [release('c'.repeat(64)), ...seen.releases].toReversed(),
          instances: new Map([...seen.instances].toReversed()),
        },
      },
    };
  });
}

describe('a plan, over random fleets', { timeout: 120_000 }, () => {
  it('puts every instance that needs it into exactly one wave, the broken first', () => {
    fc.assert(
      fc.property(input, (i) => {
        const plan = assemble(i);
        const all = plan.hosts.flatMap((h) => h.instances);
        const touched = all.filter((x) => x.action !== 'nothing');
        const order = plan.waves.flatMap((w) => w.instances);
        expect(order.toSorted()).toEqual(touched.map((x) => x.id).toSorted());
        const broken = order.map((id) => all.find((x) => x.id === id)?.broken);
        expect(broken).toEqual(broken.toSorted((a, b) => Number(b) - Number(a)));
        expect(plan.waves.map((w) => w.number)).toEqual(plan.waves.map((_, n) => n + 1));
        expect(
          plan.waves.every(
            (w, n) => w.instances.length > 0 && w.canary === (n === 0 && plan.strategy.canary > 0),
          ),
        ).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it('is the same for the same facts, in whatever order they were told', () => {
    fc.assert(
      fc.property(input, (i) => {
        const plan = assemble(i);
        const told = assemble({ ...i, hosts: shuffled(i.hosts), records: i.records.toReversed() });
        expect(same(told, plan)).toBe(true);
        const saved = parsePlanFile(planFile(plan));
        expect(same(saved, plan)).toBe(true);
        expect(comparePlans(saved, assemble(i))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('is readable in 80 columns', () => {
    fc.assert(
      fc.property(input, (i) => {
        expect(
          describePlan(assemble(i))
            .split('\n')
            .filter((l) => l.length > 80),
        ).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('that is not refused can be carried out to the end, and then there is nothing left to do', () => {
    fc.assert(
      fc.property(input, fc.integer(), (i, seed) => {
        const plan = assemble(i);
        fc.pre(planRefusals(plan).length === 0);
        const rollout = rolloutInput(plan, 'd-1');
        const calm = { fail: 0, lost: 0, prepareFail: 0, command: 0, crash: 0 };
        const slow = { ...rollout, strategy: { ...rollout.strategy, progressDeadlineMs: 1e9 } };
        const trace = new World({ start, transition, decide }, slow, seed, calm).run();
        expect(trace.broken).toBeUndefined();
        expect(violations(slow, trace.events)).toEqual([]);
        expect(['succeeded', 'unchanged']).toContain(trace.state.finished?.outcome);
        const done = i.hosts.map((h) => {
          if (h.seen.kind !== 'observed') return h;
          const now = observation(
            h.host.instances.map((x) => running(NEW, { name: x.name })),
            { releases: [release(NEW)] },
          );
          return planHost(h.host, now, compiled({ changes: [] }));
        });
        const again = assemble({ ...i, hosts: done });
        expect(again.waves).toEqual([]);
        expect(rolloutInput(again, 'd-2').hosts.every((h) => h.idle)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});
