import { z } from 'zod';
import { explainIssue } from '../config/explain-issue.ts';
import type { Problem } from '../errors.ts';
import { type Amount, DEFAULT_STRATEGY, parseAmount, type Strategy } from '../model/strategy.ts';
import { formatDuration, parseDuration } from '../util/duration.ts';

/** A time for people: `500ms`, `10s`, `2m`, `1h`, `7d`. */
type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;
type AmountText = number | `${number}%`;

/** How a deployment of this playbook proceeds; what is left out has the default of docs/playbooks.md. Flags win over it. */
export type StrategyOptions = {
  /** Instances that are restarted together: a number, a share, or the sizes of the waves of which the last repeats. Default: 1. */
  readonly wave?: AmountText | readonly AmountText[] | undefined;
  /** Instances that go first, alone. Default: 0. */
  readonly canary?: number | undefined;
  /** `manual`: after the canary, wait for `pdeploy promote`. Default: `auto`. */
  readonly promote?: 'auto' | 'manual' | undefined;
  /** Instances of each failure domain that must stay healthy; shares round up. */
  readonly minHealthy?:
    | { readonly domain: 'zone' | 'region' | 'fleet'; readonly amount: AmountText }
    | undefined;
  readonly pauseBetweenWaves?: Duration | undefined;
  /** How long an instance must be healthy without a break before the next one. Default: `10s`. */
  readonly minHealthyTime?: Duration | undefined;
  /** By when an instance must have been. Default: `2m`. */
  readonly healthyDeadline?: Duration | undefined;
  /** How long the deployment may go without another healthy instance. Default: `10m`. */
  readonly progressDeadline?: Duration | undefined;
  /** Instances that may fail before the deployment does. Default: 0. */
  readonly maxFailures?: number | undefined;
  /** What goes back when it fails. Default: `deployment`. */
  readonly rollback?: 'instance' | 'wave' | 'deployment' | 'none' | undefined;
  /** Default: `fail`. */
  readonly onUnreachable?: 'fail' | 'skip' | 'defer' | undefined;
};

const amount = z
  .custom<AmountText>((v) => toAmount(v) !== undefined, {
    error: 'expected a whole number from 1 or a share such as "25%"',
  })
  .transform((v): Amount => toAmount(v) ?? { kind: 'count', value: 1 });

const duration = z
  .custom<Duration>((v) => typeof v === 'string' && parseDuration(v) !== undefined, {
    error: 'expected a duration such as "10s", "500ms" or "2m"',
  })
  .transform((v) => parseDuration(v) ?? 0);

const schema = z.strictObject({
  wave: z
    .union([amount, z.array(amount).min(1)], { error: 'expected 1, "25%" or a list such as [1, 5, "20%"]' })
    .optional(),
  canary: z.int().min(0).optional(),
  promote: z.enum(['auto', 'manual']).optional(),
  minHealthy: z.strictObject({ domain: z.enum(['zone', 'region', 'fleet']), amount }).optional(),
  pauseBetweenWaves: duration.optional(),
  minHealthyTime: duration.optional(),
  healthyDeadline: duration.optional(),
  progressDeadline: duration.optional(),
  maxFailures: z.int().min(0).optional(),
  rollback: z.enum(['instance', 'wave', 'deployment', 'none']).optional(),
  onUnreachable: z.enum(['fail', 'skip', 'defer']).optional(),
});

type Parsed = z.output<typeof schema>;

/** The model's strategy, with what the playbook leaves out left out; or what is wrong with it. */
export function toStrategy(
  options: StrategyOptions | undefined,
): { readonly strategy: Partial<Strategy> } | { readonly problems: readonly Problem[] } {
  const parsed = schema.safeParse(options ?? {}, { reportInput: true });
  if (parsed.success) {
    const strategy = convert(parsed.data);
    const { minHealthyMs, healthyDeadlineMs } = { ...DEFAULT_STRATEGY, ...strategy };
    if (healthyDeadlineMs > minHealthyMs) return { strategy };
    const message = `definePlaybook(): strategy: healthyDeadline (${formatDuration(healthyDeadlineMs)}) must be longer than minHealthyTime (${formatDuration(minHealthyMs)})`;
    return { problems: [{ code: 'PD2105', message }] };
  }
  return {
    problems: parsed.error.issues.map((issue) => ({
      code: 'PD2105',
      message: `definePlaybook(): ${['strategy', ...issue.path].map(String).join('.')}: ${explainIssue(issue, Object.keys(schema.shape))}`,
    })),
  };
}

function convert(o: Parsed): Partial<Strategy> {
  return defined({
    waves: o.wave === undefined ? undefined : [o.wave].flat(),
    canary: o.canary,
    promote: o.promote,
    minHealthyPerDomain: o.minHealthy,
    pauseBetweenWavesMs: o.pauseBetweenWaves,
    minHealthyMs: o.minHealthyTime,
    healthyDeadlineMs: o.healthyDeadline,
    progressDeadlineMs: o.progressDeadline,
    maxFailures: o.maxFailures,
    rollback: o.rollback,
    onUnreachable: o.onUnreachable,
  });
}

/** The same without the keys that are undefined. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function toAmount(value: unknown): Amount | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  if (typeof value === 'string' && !value.endsWith('%')) return undefined;
  const parsed = parseAmount(value);
  return parsed?.kind === 'count' && parsed.value < 1 ? undefined : parsed;
}
