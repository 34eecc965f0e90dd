import type { InstancePlan, Plan, Wave } from '../model/plan.ts';

/** What a stop and a start are reckoned at, beside the time of being healthy. */
const SWITCH_MS = 5_000;
/** Until balancers call an instance up again and it was asked through them, when all goes well. */
const BACK_MS = 3_000;
const SEEN_MS = 1_000;

/** `mostMs`: with every wait for requests in flight and for being seen through balancers used up. */
export type Estimate = { readonly typicalMs: number; readonly mostMs: number };

const NOTHING: Estimate = { typicalMs: 0, mostMs: 0 };

/** A rough guess of how long the waves take when all goes well, milliseconds. */
export function estimate(plan: Plan): Estimate {
  const instances = new Map(plan.hosts.flatMap((h) => h.instances.map((i) => [i.id, i] as const)));
  const waves = plan.waves.map((wave) => ofWave(plan, wave, instances)).reduce(sum, NOTHING);
  const pauses = Math.max(0, plan.waves.length - 1) * plan.strategy.pauseBetweenWavesMs;
  return sum(waves, { typicalMs: pauses, mostMs: pauses });
}

/** Instances of one host follow one another, hosts go at the same time. */
function ofWave(plan: Plan, wave: Wave, instances: ReadonlyMap<string, InstancePlan>): Estimate {
  const ones = wave.instances.flatMap((id) => instances.get(id) ?? []);
  const hosts = [...Map.groupBy(ones, (one) => one.host).values()].map((own) =>
    own.map((one) => ofInstance(plan, one)).reduce(sum, NOTHING),
  );
  return {
    typicalMs: Math.max(0, ...hosts.map((h) => h.typicalMs)),
    mostMs: Math.max(0, ...hosts.map((h) => h.mostMs)),
  };
}

function ofInstance({ strategy, drain, through }: Plan, { action }: InstancePlan): Estimate {
  const own = strategy.minHealthyMs + SWITCH_MS;
  const drained = drain !== undefined && action === 'restart';
  const parts: readonly Estimate[] = [
    { typicalMs: own, mostMs: own },
    drained ? { typicalMs: (drain.leastMs ?? 0) + BACK_MS, mostMs: drain.waitMs + BACK_MS } : NOTHING,
    through === undefined ? NOTHING : { typicalMs: SEEN_MS, mostMs: through.withinMs },
  ];
  return parts.reduce(sum, NOTHING);
}

function sum(a: Estimate, b: Estimate): Estimate {
  return { typicalMs: a.typicalMs + b.typicalMs, mostMs: a.mostMs + b.mostMs };
}
