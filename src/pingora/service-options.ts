import { z } from 'zod';
import type { TlsProfile } from '../model/certificate.ts';
import type { Instance } from '../model/host.ts';
import type { Duration } from '../resource/fields.ts';
import { durationField, userField } from '../resource/fields.ts';
import type { LogrotateOptions } from '../resource/logrotate.ts';
import { checkOptions, optionProblem } from '../resource/options.ts';
import type { ReleaseOptions } from '../resource/release.ts';
import { type HealthOptions, SERVICE_OPTIONS, type ServiceOptions } from '../resource/service.ts';
import type { SystemdUnitOptions } from '../resource/systemd-unit.ts';
import { RULES } from './lint/lint.ts';
import { type AppConf, checkConf } from './render.ts';
import type { ServerConf } from './server-conf.ts';
import { type TlsOptions, type TlsSettings, tlsSettings } from './tls.ts';
import { isVersion, NEWEST } from './version.ts';

/** Options that go to `systemdUnit()` as they are. */
type UnitParts = Pick<
  SystemdUnitOptions,
  'group' | 'description' | 'environment' | 'credentials' | 'unit' | 'service' | 'install' | 'dropIns' | 'log'
>;
/** Options that go to `release()` as they are. */
type ReleaseParts = Pick<ReleaseOptions, 'binary' | 'from' | 'files' | 'require' | 'metadata'>;
/** Options that go to `service()` as they are. */
type ServiceParts = Omit<ServiceOptions, OwnServiceOption>;
type OwnServiceOption = 'health' | 'stopTimeout' | 'reload';
const OWN: readonly string[] = ['health', 'stopTimeout', 'reload'] satisfies readonly OwnServiceOption[];

/** Names of the options of `service()` that are passed on to it. */
export const PASSED = SERVICE_OPTIONS.filter((name): name is keyof ServiceParts => !OWN.includes(name));

type FileRotation = Exclude<LogrotateOptions, { readonly to: 'journald' }>;

export type PingoraServiceOptions = UnitParts &
  ReleaseParts &
  ServiceParts & {
    /** System user the service runs as; it is made. */
    readonly user: string;
    /** Of Pingora, as in the Cargo.lock of the binary. Default: the newest that pdeploy knows. */
    readonly version?: `${number}.${number}.${number}` | undefined;
    /** Pingora's own keys. Those that pdeploy sets itself are not among them. */
    readonly conf?: ServerConf | undefined;
    /** What the program reads itself from the same file, below `appKey`: the same for all, or made for each instance. */
    readonly app?: AppConf | ((instance: Instance) => AppConf) | undefined;
    /** Default: `app`. */
    readonly appKey?: string | undefined;
    /**
     * What its TLS listeners offer, a profile of Mozilla's server side TLS. With `openssl` and `boringssl` the settings are `tls`
     * among what the program reads itself; `rustls`, the default, does `intermediate` without any and nothing else.
     */
    readonly tls?: TlsProfile | TlsOptions | undefined;
    /** Addresses that an instance listens on, written as Pingora gets them: `0.0.0.0:8080`. */
    readonly listen: (instance: Instance) => readonly string[];
    /** As in `service()`; `listens` are the ports of `listen` unless it says otherwise. */
    readonly health: (instance: Instance) => HealthOptions;
    /** What requests in flight get when an instance stops; always slept through. Whole seconds. Default: `30s`. */
    readonly grace?: Duration | undefined;
    /** Bound for ending the runtimes after that; it can pass twice. Whole seconds. Default: `5s`. */
    readonly shutdownTimeout?: Duration | undefined;
    /** What the program itself waits on SIGTERM before Pingora closes the ports. Default: `0s`. */
    readonly drainDelay?: Duration | undefined;
    /** Arguments in front of `-c FILE`. */
    readonly args?: readonly string[] | undefined;
    /** Check the configuration on each host before anything is disturbed, by `-t`. Default: true. */
    readonly test?: boolean | undefined;
    /** The program sends READY=1. Default: true. */
    readonly notify?: boolean | undefined;
    readonly hardening?: 'A' | 'B' | 'C' | 'none' | undefined;
    /** How log files are rotated, with `log: 'file'`. */
    readonly rotation?: Omit<FileRotation, 'to' | 'files' | 'user' | 'writer'> | undefined;
    /** Rules of docs/pingora.md that are passed over. */
    readonly allow?: readonly string[] | undefined;
  };

const wholeSeconds = (otherwise: number) =>
  durationField({ max: '50m' })
    .refine((ms) => ms % 1_000 === 0, 'must be whole seconds')
    .transform((ms) => ms / 1_000)
    .default(otherwise);

const anObject = z.custom<object>((v) => typeof v === 'object' && v !== null && !Array.isArray(v), {
  error: 'expected an object',
});
const aFunction = z.custom<(instance: Instance) => never>((v) => typeof v === 'function', {
  error: 'expected a function of the instance',
});

const profileField = z.enum(['intermediate', 'modern']);

const schema = z.strictObject({
  user: userField,
  version: z.string().refine(isVersion, 'expected a version such as "0.9.1"').default(NEWEST),
  conf: anObject.default({}),
  app: z
    .union([aFunction, anObject], { error: 'expected an object or a function of the instance' })
    .default({}),
  appKey: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,63}$/, 'expected a key such as "app"')
    .default('app'),
  tls: z
    .union([
      profileField.transform((profile): TlsOptions => ({ profile })),
      z.strictObject({
        profile: profileField,
        library: z.enum(['rustls', 'openssl', 'boringssl']).optional(),
      }),
    ])
    .optional(),
  listen: aFunction,
  health: aFunction,
  grace: wholeSeconds(30),
  shutdownTimeout: wholeSeconds(5),
  drainDelay: wholeSeconds(0),
  args: z.array(z.string()).default([]),
  test: z.boolean().default(true),
  notify: z.boolean().default(true),
  hardening: z.enum(['A', 'B', 'C', 'none']).default('A'),
  rotation: anObject.default({}),
  allow: z.array(z.string()).default([]),
  // Checked by the factories that they go to.
  ...Object.fromEntries(
    [
      ...['binary', 'from', 'files', 'require', 'metadata'],
      ...[
        'group',
        'description',
        'environment',
        'credentials',
        'unit',
        'service',
        'install',
        'dropIns',
        'log',
      ],
      ...PASSED,
    ].map((name) => [name, z.unknown().optional()]),
  ),
});

/** Options with their defaults; times in seconds. */
export type Settled = Omit<PingoraServiceOptions, 'tls'> & {
  readonly tls?: { readonly profile: TlsProfile; readonly settings: TlsSettings | undefined };
  readonly version: string;
  readonly conf: ServerConf;
  readonly appKey: string;
  readonly args: readonly string[];
  readonly allow: readonly string[];
  readonly seconds: { readonly grace: number; readonly shutdown: number; readonly drain: number };
};

/** @throws UsageError PD2130 */
export function settle(options: PingoraServiceOptions): Settled {
  const checked = checkOptions('pingoraService', schema as z.ZodType<z.output<typeof schema>>, options);
  checkConf(checked.conf as { readonly [key: string]: unknown }, checked.version);
  const unknown = checked.allow.find((name) => !RULES.some((rule) => rule.name === name));
  if (unknown !== undefined)
    throw optionProblem(
      'pingoraService',
      `allow: there is no rule "${unknown}"`,
      'docs/pingora.md has a table of them',
    );
  const { grace, shutdownTimeout: shutdown, drainDelay: drain, tls, ...rest } = checked;
  return {
    ...(rest as unknown as Settled),
    ...(tls === undefined ? {} : { tls: { profile: tls.profile, settings: tlsSettings(tls) } }),
    seconds: { grace, shutdown, drain },
  };
}
