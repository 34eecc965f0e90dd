import type { Problem } from '../errors.ts';
import { DEFAULT_STRATEGY, type Strategy } from '../model/strategy.ts';

/** Flags win over the playbook, the playbook over the defaults. */
export function mergeStrategy(playbook: Partial<Strategy>, flags: Partial<Strategy>): Strategy {
  return { ...DEFAULT_STRATEGY, ...playbook, ...flags };
}

/** What is wrong with a strategy by itself, whatever it is applied to. */
export function strategyProblems(strategy: Strategy): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (message: string, hint: string): void => void problems.push({ code: 'PD2130', message, hint });
  if (strategy.promote === 'manual' && strategy.canary === 0) {
    add(
      'promote is manual, but there is no canary to promote',
      'set canary to 1 or more, or promote to auto',
    );
  }
  if (strategy.waves.length === 0) add('waves is empty', 'name at least one size, such as 1 or 20%');
  if (strategy.minHealthyMs > strategy.healthyDeadlineMs) {
    add(
      `an instance must be healthy for ${strategy.minHealthyMs / 1_000} s, but has only ${strategy.healthyDeadlineMs / 1_000} s for it`,
      'make healthyDeadline longer than minHealthyTime',
    );
  }
  return problems;
}
