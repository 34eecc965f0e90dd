import type { InstanceId } from '../model/host.ts';
import type { InstancePlan, Wave } from '../model/plan.ts';
import { type Strategy, waveSize } from '../model/strategy.ts';

/** Broken instances first, then the rest as in the inventory; the canary is cut from the front. */
export function cutWaves(instances: readonly InstancePlan[], strategy: Strategy): readonly Wave[] {
  const touched = instances.filter((i) => i.action !== 'nothing');
  const queue: InstanceId[] = [...touched.filter((i) => i.broken), ...touched.filter((i) => !i.broken)].map(
    (i) => i.id,
  );
  const waves: Wave[] = [];
  const cut = (size: number, canary: boolean): void => {
    waves.push({ number: waves.length + 1, instances: queue.splice(0, size), canary });
  };
  if (strategy.canary > 0 && queue.length > 0) cut(strategy.canary, true);
  for (let n = 0; queue.length > 0; n += 1) {
    const amount = strategy.waves[Math.min(n, strategy.waves.length - 1)] ?? { kind: 'count', value: 1 };
    cut(waveSize(amount, instances.length), false);
  }
  return waves;
}
