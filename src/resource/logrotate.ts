import { z } from 'zod';
import type { LogrotateStep } from '../model/playbook.ts';
import { pathProblem, userField } from './fields.ts';
import { checkOptions } from './options.ts';

export type LogrotateOptions =
  | { readonly to: 'journald' }
  | {
      readonly to?: 'files' | undefined;
      /** Absolute paths, `*` allowed: `/var/log/edge/*.log`. */
      readonly files: readonly string[];
      /** The service's user: the rotated copies belong to its group. */
      readonly user: string;
      /** Who opens the files: systemd (`log: 'file'` of the unit, hence root) or the service itself. Default: `systemd`. */
      readonly writer?: 'systemd' | 'service' | undefined;
      /** Default: `daily`. */
      readonly every?: 'hourly' | 'daily' | 'weekly' | 'monthly' | undefined;
      /** Rotated copies that are kept. Default: 7. */
      readonly rotate?: number | undefined;
      /** Rotate earlier when the file is larger, e.g. `100M` (default). */
      readonly maxsize?: string | undefined;
      /** Default: true, from the second copy on. */
      readonly compress?: boolean | undefined;
    };

const pattern = z.string().superRefine((path, ctx) => {
  const why =
    pathProblem(path) ??
    (/^[A-Za-z0-9._@:+,=/~*?-]+$/.test(path)
      ? undefined
      : `"${path}" holds characters that mean something to logrotate`);
  if (why !== undefined) ctx.addIssue({ code: 'custom', message: why });
});

const schema = z.strictObject({
  to: z.literal('files').optional(),
  files: z.array(pattern).min(1),
  user: userField,
  writer: z.enum(['systemd', 'service']).default('systemd'),
  every: z.enum(['hourly', 'daily', 'weekly', 'monthly']).default('daily'),
  rotate: z.int().min(0).max(1000).default(7),
  maxsize: z
    .string()
    .regex(/^[1-9]\d*[kMG]?$/, 'expected a size such as "100M"')
    .default('100M'),
  compress: z.boolean().default(true),
});

/**
 * Rotation of log files. The files are copied and cut short in place (`copytruncate`), since a service that appends
 * keeps its file open and needs no signal. With `to: 'journald'` there is nothing to rotate and no step.
 * @example logrotate({ files: ['/var/log/edge/*.log'], user: 'edge', maxsize: '100M' })
 */
export function logrotate(options: LogrotateOptions): LogrotateStep | undefined {
  // Playbooks are loaded without type checking.
  if ((options as LogrotateOptions | undefined | null)?.to === 'journald') return undefined;
  const o = checkOptions('logrotate', schema, options);
  const lines = [
    // A file that systemd opened is root's: the service's user could read but not truncate it.
    `su ${o.writer === 'systemd' ? 'root' : o.user} ${o.user}`,
    o.every,
    `rotate ${o.rotate}`,
    `maxsize ${o.maxsize}`,
    'copytruncate',
    'missingok',
    'notifempty',
    ...(o.compress ? ['compress', 'delaycompress'] : []),
  ];
  return {
    type: 'logrotate',
    id: 'logrotate',
    text: `${o.files.join(' ')} {\n${lines.map((l) => `    ${l}\n`).join('')}}\n`,
  };
}
