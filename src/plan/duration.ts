import type { Plan, Wave } from '../model/plan.ts';

/** What a stop and a start are reckoned at, beside the time of being healthy. */
const SWITCH_MS = 5_000;

/** A rough guess of how long the waves take when all goes well, milliseconds. */
export function estimateMs(plan: Plan): number {
  const hosts = new Map(plan.hosts.flatMap((h) => h.instances.map((i) => [i.id, h.host] as const)));
  const longest = (wave: Wave): number => {
    const groups = Map.groupBy(wave.instances, (id) => hosts.get(id) ?? '');
    return Math.max(0, ...[...groups.values()].map((ids) => ids.length));
  };
  const rounds = plan.waves.map(longest).reduce((sum, n) => sum + n, 0);
  const pauses = Math.max(0, plan.waves.length - 1) * plan.strategy.pauseBetweenWavesMs;
  return rounds * (plan.strategy.minHealthyMs + SWITCH_MS) + pauses;
}
