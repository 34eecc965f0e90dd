import { z } from 'zod';
import type { Drain } from '../model/drain.ts';
import type { HealthCheck, Probe } from '../model/health.ts';
import type { Instance } from '../model/host.ts';
import type { StepDraft } from '../model/playbook.ts';
import type { Strategy } from '../model/strategy.ts';
import { draft } from './draft.ts';
import type { DrainAdapter } from './drains.ts';
import { type Duration, durationField, portField } from './fields.ts';
import { type HandoverOptions, handoverSchema, handoverStep } from './handover.ts';
import { checkOptions, optionProblem } from './options.ts';
import { type ThroughOptions, throughSchema, toThrough } from './through.ts';

/** What is asked of an instance; for how long, and by when, says the strategy of the playbook. */
export type HealthOptions = {
  /** All must pass. */
  readonly probes: readonly Probe[];
  /** TCP ports that the main process itself must own. */
  readonly listens?: readonly number[] | undefined;
  /** Time between two rounds of probes. Default: `500ms`. */
  readonly interval?: Duration | undefined;
  /** Asked through what balances the instances as well, once the instance is healthy and back in traffic. */
  readonly through?: ThroughOptions | undefined;
};

export type ServiceOptions = {
  /** What an instance must pass before the next one is touched: the same for all, or made for each. */
  readonly health: HealthOptions | ((instance: Instance) => HealthOptions);
  /** Start at boot. Default: true. */
  readonly enabled?: boolean | undefined;
  /** How long a stop may take before systemd kills; give the service time to finish what it serves. Default: `30s`. */
  readonly stopTimeout?: Duration | undefined;
  /**
   * Reload an instance instead of restarting it when a release differs in its configuration alone, not in the binary,
   * the unit or a drop-in. The unit needs `ExecReload=` or `Type=notify-reload`. The process stays and with it its
   * environment, so a probe cannot expect it to tell the new release. Going back restarts. Default: false.
   */
  readonly reload?: boolean | undefined;
  /** How an instance is taken out of traffic before it is touched, in this order; it comes back in the reverse order. */
  readonly drain?: readonly DrainAdapter[] | undefined;
  /**
   * How a running instance gets a new release. `restart`: stop and start. `handover`: a successor is started beside it and
   * takes its listening sockets over, so that no connection is refused; a plan is refused where that cannot be done. `auto`:
   * a handover where it can be done, and the plan says where not and why. Default: `restart`.
   */
  readonly activation?: 'restart' | 'handover' | 'auto' | undefined;
  readonly handover?: HandoverOptions | undefined;
};

const KINDS = ['http', 'tcp', 'tls', 'exec', 'systemd'];
const probe = z.custom<Probe>(
  (v) => typeof v === 'object' && v !== null && KINDS.includes((v as { kind?: string }).kind ?? ''),
  'expected http(), tcp(), tls(), exec() or systemd()',
);

const healthSchema = z.strictObject({
  probes: z.array(probe).min(1, 'needs at least one probe, http({ port, path: "/readyz" }) for one'),
  listens: z.array(portField).default([]),
  interval: durationField({ min: '50ms', max: '60s' }).default(500),
  through: throughSchema.optional(),
});

const schema = z.strictObject({
  health: z.custom<ServiceOptions['health']>(
    (v) => typeof v === 'function' || (typeof v === 'object' && v !== null),
    {
      error: 'expected an object or a function of the instance',
    },
  ),
  enabled: z.boolean().default(true),
  stopTimeout: durationField({ min: '1s', max: '1h' }).default(30_000),
  reload: z.boolean().default(false),
  drain: z
    .array(
      z.custom<DrainAdapter>(
        (v) => typeof v === 'object' && v !== null && (v as { type?: string }).type === 'drain',
        'expected haproxy(), readinessFile(), httpCall() or execDrain()',
      ),
    )
    .default([]),
  activation: z.enum(['restart', 'handover', 'auto']).default('restart'),
  handover: handoverSchema.optional(),
});

/** Names of the options. */
export const SERVICE_OPTIONS = Object.keys(schema.shape) as readonly (keyof ServiceOptions)[];

/**
 * The instances of the service: what healthy means, start at boot, how long a stop may take.
 * @example service({ health: (instance) => ({ probes: [http({ port: portOf(instance, 'port'), path: '/healthz' })] }) })
 */
export function service(options: ServiceOptions): StepDraft {
  const { health, enabled, stopTimeout, reload, drain, activation, handover } = checkOptions(
    'service',
    schema,
    options,
  );
  if (reload && activation !== 'restart')
    throw optionProblem('service', 'reload: true and a handover both need the ExecReload= of the unit');
  const over = activation === 'restart' ? undefined : (handover ?? handoverSchema.parse({}));
  if (typeof health === 'object') checkHealth(health, 'service');
  return draft(
    (ctx, { strategy }) => {
      const checks = new Map(
        ctx.instances.map((instance) => [
          instance.name,
          toCheck(
            typeof health === 'function' ? health(instance) : health,
            `service: health of ${instance.id}`,
            strategy,
          ),
        ]),
      );
      checkThroughs(checks, activation !== 'restart');
      return {
        type: 'service',
        id: 'service',
        enabled,
        stopTimeoutMs: stopTimeout,
        reload,
        drain: new Map(ctx.instances.map((i) => [i.name, drain.map((d): Drain => d.make(i))])),
        ...(over === undefined || activation === 'restart'
          ? {}
          : { handover: handoverStep(activation, over, ctx.instances, checks) }),
        health: checks,
      };
    },
    { stopTimeoutMs: stopTimeout, ...(over === undefined ? {} : { successorArgs: over.args }) },
  );
}

function toCheck(options: HealthOptions, what: string, strategy: Strategy): HealthCheck {
  const health = checkHealth(options, what);
  return {
    probes: health.probes,
    listens: health.listens,
    intervalMs: health.interval,
    minHealthyMs: strategy.minHealthyMs,
    healthyDeadlineMs: strategy.healthyDeadlineMs,
    ...(health.through === undefined ? {} : { through: toThrough(health.through) }),
  };
}

/** @throws UsageError PD2130 when an answer would prove nothing */
function checkThroughs(checks: ReadonlyMap<string, HealthCheck>, handsOver: boolean): void {
  const seen = new Set<string>();
  for (const [name, { through }] of checks) {
    if (through === undefined) continue;
    if (handsOver && through.pid === undefined)
      throw optionProblem(
        'service',
        'health.through: expect.pid is missing: while an instance hands over, the process before it may still answer',
      );
    const who = JSON.stringify(through.instance);
    if (seen.has(who))
      throw optionProblem(
        'service',
        `health.through: ${through.instance.is} in ${through.instance.in} is said of more than one instance`,
        `make health a function of the instance, such as (i) => ({ ... }); ${name} is one of them`,
      );
    seen.add(who);
  }
}

function checkHealth(options: HealthOptions, what: string): z.output<typeof healthSchema> {
  return checkOptions(what, healthSchema, options);
}
