import { z } from 'zod';
import type { HealthCheck } from '../model/health.ts';
import type { Instance } from '../model/host.ts';
import type { HandoverStep } from '../model/playbook.ts';
import { optionProblem } from './options.ts';

export type HandoverOptions = {
  /**
   * Where old and new process meet: below `/run/<service>/`, and the same as in the configuration of the service
   * (`upgrade_sock` of Pingora). Default: `/run/<service>/<instance>/upgrade.sock`, in the directory that `systemdUnit` makes.
   */
  readonly socket?: ((instance: Instance) => string) | undefined;
  /** Arguments after those of `exec` with which a successor is started. Default: `['-u']`. */
  readonly args?: readonly string[] | undefined;
  /** The addresses that the service listens on, as its configuration spells them. Default: the ports of `listens`. */
  readonly listeners?: ((instance: Instance) => readonly string[]) | undefined;
  /** Version of Pingora, for what older ones cannot do. Default: 0.9 or newer. */
  readonly pingora?: string | undefined;
};

export const handoverSchema = z.strictObject({
  socket: z
    .custom<HandoverOptions['socket']>((v) => typeof v === 'function', 'expected a function of the instance')
    .optional(),
  args: z.array(z.string().min(1)).min(1).default(['-u']),
  listeners: z
    .custom<HandoverOptions['listeners']>(
      (v) => typeof v === 'function',
      'expected a function of the instance',
    )
    .optional(),
  pingora: z
    .string()
    .regex(/^\d+\.\d+(\.\d+)?$/, 'expected a version such as "0.9.0"')
    .optional(),
});

/** @throws UsageError PD2130 for a socket that the agent would not take */
export function handoverStep(
  activation: HandoverStep['activation'],
  options: z.output<typeof handoverSchema>,
  instances: readonly Instance[],
  health: ReadonlyMap<string, HealthCheck>,
): HandoverStep {
  return {
    activation,
    sockets: new Map(instances.map((one) => [one.name, socketOf(one, options.socket)])),
    listeners: new Map(
      instances.map((one) => [
        one.name,
        options.listeners?.(one) ?? (health.get(one.name)?.listens ?? []).map((port) => `:${port}`),
      ]),
    ),
    ...(options.pingora === undefined ? {} : { pingora: options.pingora }),
  };
}

function socketOf(instance: Instance, socket: HandoverOptions['socket']): string {
  const path = socket?.(instance) ?? `/run/${instance.service}/${instance.name}/upgrade.sock`;
  const below = `/run/${instance.service}/`;
  const parts = path.split('/').slice(1);
  if (!path.startsWith(below) || parts.some((part) => !/^[A-Za-z0-9._@-]+$/.test(part) || /^\.+$/.test(part)))
    throw optionProblem(
      'service',
      `handover: the socket ${JSON.stringify(path)} is not a plain path below ${below}`,
    );
  // The size of an address of a unix socket.
  if (path.length > 107)
    throw optionProblem(
      'service',
      `handover: the socket path has ${path.length} characters, 107 are possible`,
    );
  return path;
}
