import { z } from 'zod';
import type { DraftContext, StepContext, StepDraft } from '../model/playbook.ts';
import type { UnitText } from '../model/unit-text.ts';
import { type Credential, credentialKeys, unitSecrets } from './credentials.ts';
import { draft } from './draft.ts';
import { userField } from './fields.ts';
import { checkOptions, optionProblem } from './options.ts';
import type { Argv, Text } from './unit/codec.ts';
import { type Hardening, hardeningKeys } from './unit/hardening.ts';
import { renderUnit, type ServiceSection, type UnitSection, type UnitSections } from './unit/section.ts';
import { isUnitText, unit } from './unit/text.ts';

/** Keys that systemdUnit writes itself, from options of its own. */
type Own =
  | 'Type'
  | 'User'
  | 'Group'
  | 'ExecStart'
  | 'Environment'
  | 'LoadCredential'
  | 'LoadCredentialEncrypted';

type BaseOptions = {
  /** System user the service runs as. */
  readonly user: string;
  /** Default: the user's name. */
  readonly group?: string | undefined;
  readonly description?: Text | undefined;
  /** Program and arguments. Text with specifiers is marked: `` unit`${paths.current}/bin/edge` ``. No shell takes part. */
  readonly exec: Argv;
  /** The program tells by sd_notify when it is ready (`Type=notify`); else it counts as started once it runs. */
  readonly notify?: boolean | undefined;
  /** Where standard output and error go: the journal, or `/var/log/<service>/<instance>.log`. Default: `journal`. */
  readonly log?: 'journal' | 'file' | undefined;
  /** Readable by everybody on the host: no secrets here, see `credentials`. */
  readonly environment?: { readonly [name: string]: Text | number } | undefined;
  /**
   * Name and secret, or name and file on the host: readable by the service alone as `$CREDENTIALS_DIRECTORY/<name>`. A
   * secret lies in the release, where root alone can read it; another text of it is another release. `encrypted`: it lies on
   * the host as a file that only this host can decrypt.
   */
  readonly credentials?: { readonly [name: string]: Credential } | undefined;
  /** Keys of [Unit]. Dependencies add to those of pdeploy, other keys replace. */
  readonly unit?: UnitSection | undefined;
  /** Keys of [Service]; they replace those of pdeploy, `null` takes a key out. */
  readonly service?: (Omit<ServiceSection, Own> & { readonly [K in Own]?: never }) | undefined;
  readonly install?: UnitSections['install'];
  /** Further files in `<unit>.d`, read after the unit in the order of their names. */
  readonly dropIns?: readonly ({ readonly name: string } & UnitSections)[] | undefined;
};

export type SystemdUnitOptions = BaseOptions &
  (
    | { readonly hardening?: Exclude<Hardening, 'D'> | undefined; readonly networks?: undefined }
    | { readonly hardening: 'D'; readonly networks: readonly string[] }
  );

const record = z.record(z.string(), z.unknown());
const textField = z.union([z.string(), z.custom<UnitText>(isUnitText)], { error: 'expected a text' });

const schema = z.strictObject({
  user: userField,
  group: userField.optional(),
  description: textField.optional(),
  exec: z.array(textField).min(1, 'expected a list of a program and its arguments'),
  notify: z.boolean().optional(),
  log: z.enum(['journal', 'file']).optional(),
  environment: record.optional(),
  credentials: record.optional(),
  unit: record.optional(),
  service: record.optional(),
  install: record.optional(),
  hardening: z.enum(['A', 'B', 'C', 'D', 'none']).optional(),
  networks: z.array(z.string()).optional(),
  dropIns: z
    .array(
      z.strictObject({
        name: z.string(),
        unit: record.optional(),
        service: record.optional(),
        install: record.optional(),
      }),
    )
    .optional(),
});

/** Keys of which a playbook's values stand beside those of pdeploy. */
const ADDING = ['After', 'Before', 'Wants', 'Requires', 'BindsTo', 'EnvironmentFile'] as const;

/**
 * The unit of every instance. Safe by default: hardening set A, restart on failure with a limit, no core capabilities.
 * @throws UsageError PD2130, PD2131 (unknown key) or PD2132 (a value systemd would not read back as it is)
 * @example systemdUnit({ user: 'edge', exec: [unit`${paths.current}/bin/edge`, '-c', unit`${paths.current}/config/%i.yaml`] })
 */
export function systemdUnit(options: SystemdUnitOptions): StepDraft {
  checkOptions('systemdUnit', schema as z.ZodType<unknown>, options);
  const own = (
    [
      'Type',
      'User',
      'Group',
      'ExecStart',
      'Environment',
      'LoadCredential',
      'LoadCredentialEncrypted',
    ] satisfies Own[]
  ).find((key) => options.service !== undefined && key in options.service);
  if (own !== undefined) throw optionProblem('systemdUnit', `service: ${own} is set by an option of its own`);
  return draft((ctx, known) => ({
    type: 'unit',
    id: 'unit',
    text: renderUnit(sections(options, ctx, known)),
    dropIns: dropIns(options),
    user: options.user,
    ...unitSecrets(options.credentials ?? {}, ctx.service),
  }));
}

function sections(
  options: SystemdUnitOptions,
  ctx: StepContext<unknown>,
  { stopTimeoutMs, successorArgs }: DraftContext,
): Required<UnitSections> {
  const seconds = stopTimeoutMs / 1_000;
  const base: ServiceSection = {
    Type: options.notify === true ? 'notify' : 'exec',
    ...(options.notify === true || successorArgs !== undefined ? { NotifyAccess: 'main' as const } : {}),
    User: options.user,
    Group: options.group ?? options.user,
    UMask: '0077',
    EnvironmentFile: unit`-${ctx.paths.current}/env`,
    ...(options.environment === undefined ? {} : { Environment: options.environment }),
    ...(options.credentials === undefined
      ? {}
      : credentialKeys(options.credentials, ctx.service, ctx.paths.current)),
    ExecStart: options.exec,
    // Not the control process itself: that one systemd would never take for the main process.
    ...(successorArgs === undefined
      ? {}
      : { ExecReload: ['/usr/bin/setsid', '--fork', ...options.exec, ...successorArgs] as const }),
    Restart: 'on-failure',
    RestartSec: '1s',
    KillMode: 'mixed',
    TimeoutStopSec: `${seconds}s`,
    LimitNOFILE: 131_072,
    TasksMax: 4096,
    OOMPolicy: 'stop',
    ...(options.log === 'file'
      ? { StandardOutput: unit`append:${logDirectory(ctx.service)}/%i.log`, StandardError: 'inherit' }
      : {}),
    RuntimeDirectory: unit`%p/%i`,
    RuntimeDirectoryMode: '0700',
    StateDirectory: unit`%p/%i`,
    StateDirectoryMode: '0700',
    LogsDirectory: unit`%p/%i`,
    LogsDirectoryMode: '0750',
    ...hardeningKeys(options.hardening ?? 'A', ctx.service, options.networks),
  };
  const dependencies: UnitSection = {
    Description: options.description ?? unit`${ctx.service}, instance %i`,
    Wants: 'network-online.target',
    After: ['network-online.target', 'pdeploy-recover.service'],
    StartLimitIntervalSec: '60s',
    StartLimitBurst: 5,
  };
  return {
    unit: merge(dependencies, options.unit),
    service: merge(base, options.service),
    install: merge({ WantedBy: 'multi-user.target' }, options.install),
  };
}

/** Directory of log files; systemd opens them before it makes any directory, so that a `directory` step has to. */
export function logDirectory(service: string): string {
  return `/var/log/${service}`;
}

function merge<S extends object>(base: S, over: object | undefined): S {
  const merged = new Map<string, unknown>(Object.entries(base));
  for (const [key, value] of Object.entries(over ?? {})) {
    const before = merged.get(key);
    const adds = (ADDING as readonly string[]).includes(key) && before !== undefined && value !== null;
    merged.set(key, adds ? [before, value].flat() : value);
  }
  return Object.fromEntries(merged) as S;
}

function dropIns(options: SystemdUnitOptions): readonly { name: string; text: string }[] {
  return (options.dropIns ?? []).map(({ name, ...rest }) => {
    if (!/^[a-z0-9][a-z0-9-]{0,62}\.conf$/.test(name))
      throw optionProblem('systemdUnit', `dropIns: "${name}" is not a file name such as "50-memory.conf"`);
    return { name, text: renderUnit(rest) };
  });
}
