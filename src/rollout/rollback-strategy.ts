import type { Strategy } from '../model/strategy.ts';

/**
 * The strategy of a rollback that a person asked for: the same machine and the same health gate, but no canary, no
 * soaking and no going back from going back.
 */
export function rollbackStrategy(strategy: Strategy): Strategy {
  return { ...strategy, canary: 0, promote: 'auto', pauseBetweenWavesMs: 0, rollback: 'none' };
}
