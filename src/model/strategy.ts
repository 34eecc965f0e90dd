/** A count or a share of the instances: `1`, `5`, `20%`. */
export type Amount =
  | { readonly kind: 'count'; readonly value: number }
  | { readonly kind: 'percent'; readonly value: number };

export type RollbackScope = 'instance' | 'wave' | 'deployment' | 'none';
export type OnUnreachable = 'fail' | 'skip' | 'defer';

/** How a deployment proceeds. Times in milliseconds; defaults in DEFAULT_STRATEGY. */
export type Strategy = {
  /** Wave sizes in order, the last repeats. */
  readonly waves: readonly Amount[];
  readonly canary: number;
  readonly promote: 'auto' | 'manual';
  /** Instances of one failure domain that must stay healthy at any time, counting those broken before. */
  readonly minHealthyPerDomain?: { readonly domain: 'zone' | 'region' | 'fleet'; readonly amount: Amount };
  readonly pauseBetweenWavesMs: number;
  readonly minHealthyMs: number;
  readonly healthyDeadlineMs: number;
  readonly progressDeadlineMs: number;
  readonly maxFailures: number;
  readonly rollback: RollbackScope;
  readonly onUnreachable: OnUnreachable;
};

export const DEFAULT_STRATEGY: Strategy = {
  waves: [{ kind: 'count', value: 1 }],
  canary: 0,
  promote: 'auto',
  pauseBetweenWavesMs: 0,
  minHealthyMs: 10_000,
  healthyDeadlineMs: 120_000,
  progressDeadlineMs: 600_000,
  maxFailures: 0,
  rollback: 'deployment',
  onUnreachable: 'fail',
};

/** `5` or `20%`; `undefined` when it is neither. */
export function parseAmount(text: string | number): Amount | undefined {
  const match = /^(\d+)(%?)$/.exec(String(text).trim());
  if (match?.[1] === undefined) return undefined;
  const value = Number(match[1]);
  if (match[2] === '%') return value <= 100 ? { kind: 'percent', value } : undefined;
  return { kind: 'count', value };
}

/** A wave size: percentages round down, never below one. */
export function waveSize(amount: Amount, total: number): number {
  const size = amount.kind === 'count' ? amount.value : Math.floor((amount.value * total) / 100);
  return Math.max(1, Math.min(size, Math.max(total, 1)));
}

/** A number that must stay healthy: percentages round up. */
export function healthyFloor(amount: Amount, total: number): number {
  const floor = amount.kind === 'count' ? amount.value : Math.ceil((amount.value * total) / 100);
  return Math.min(floor, total);
}
