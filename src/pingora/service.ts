import { describe } from '../config/explain-issue.ts';
import type { Instance } from '../model/host.ts';
import type { PingoraPart, Step, StepContext, StepDraft } from '../model/playbook.ts';
import { draft } from '../resource/draft.ts';
import { directory } from '../resource/kinds/directory.ts';
import { user } from '../resource/kinds/user.ts';
import { logrotate } from '../resource/logrotate.ts';
import { optionProblem } from '../resource/options.ts';
import { release } from '../resource/release.ts';
import { service } from '../resource/service.ts';
import { logDirectory, systemdUnit } from '../resource/systemd-unit.ts';
import { unit } from '../resource/unit/text.ts';
import { longestStop } from './lint/unit-rules.ts';
import { renderConf } from './render.ts';
import { PASSED, type PingoraServiceOptions, type Settled, settle } from './service-options.ts';

/** Time beside the computed longest stop, for a machine that is busy. */
const SPARE_S = 10;

type Context = StepContext<unknown>;

/**
 * Everything that a Pingora service is made of: its user, a release with one configuration for each instance, the unit, log
 * files if asked for, and how it is judged. Configuration and unit are held against the rules of docs/pingora.md whenever
 * a plan is made.
 * @throws UsageError PD2130
 * @example
 * steps: ({ vars }) => pingoraService({
 *   binary: 'edge', from: vars.binary, user: 'edge', conf: { threads: vars.workers }, grace: '20s',
 *   listen: (i) => [`0.0.0.0:${portOf(i, 'port')}`],
 *   app: (i) => ({ listen: `0.0.0.0:${portOf(i, 'port')}` }),
 *   health: (i) => ({ probes: [http({ port: portOf(i, 'port'), path: '/readyz' })] }),
 * })
 */
export function pingoraService(options: PingoraServiceOptions): readonly (Step | StepDraft)[] {
  const given = settle(options);
  const logs = given.log === 'file';
  return [
    user({ name: given.user }),
    ...(logs ? [draft((ctx) => logsOf(ctx, given))] : []),
    draft((ctx, known) => {
      const made = releaseOf(ctx, given).make(ctx, known);
      return made.type === 'release' ? { ...made, pingora: partOf(ctx, given) } : made;
    }),
    draft((ctx, known) => unitOf(ctx, given).make(ctx, known)),
    ...(logs ? [draft((ctx) => rotationOf(ctx, given))] : []),
    serviceOf(given),
  ];
}

function logsOf(ctx: Context, given: Settled): Step {
  return directory({ path: logDirectory(ctx.service), group: given.group ?? given.user, mode: '0750' });
}

function rotationOf(ctx: Context, given: Settled): Step {
  const step = logrotate({
    ...given.rotation,
    files: [`${logDirectory(ctx.service)}/*.log`],
    user: given.user,
  });
  if (step === undefined) throw new Error('files are rotated');
  return step;
}

function releaseOf(ctx: Context, given: Settled): StepDraft {
  const [first] = ctx.instances;
  const test =
    given.test === false || first === undefined
      ? undefined
      : [`{dir}/bin/${given.binary}`, ...given.args, '-t', '-c', `{dir}/${confPath(first)}`];
  return release({
    binary: given.binary,
    from: given.from,
    files: [
      ...ctx.instances.map((instance) => ({ path: confPath(instance), content: confOf(instance, given) })),
      ...(given.files ?? []),
    ],
    ...(test === undefined ? {} : { test }),
    ...(given.require === undefined ? {} : { require: given.require }),
    ...(given.metadata === undefined ? {} : { metadata: given.metadata }),
  });
}

function unitOf(ctx: Context, given: Settled): StepDraft {
  const { group, description, credentials, unit: unitSection, install, dropIns, log } = given;
  return systemdUnit({
    user: given.user,
    exec: [
      unit`${ctx.paths.current}/bin/${given.binary}`,
      ...given.args,
      '-c',
      unit`${ctx.paths.current}/config/%i.yaml`,
    ],
    notify: given.notify !== false,
    hardening: given.hardening ?? 'A',
    // env_logger, which most use, says nothing at all without it.
    environment: { RUST_LOG: 'info', ...given.environment },
    // Wrong flags and a wrong configuration do not get better by themselves (exit codes of clap and of sysexits.h).
    service: { RestartPreventExitStatus: ['2', '78'], ...given.service },
    ...(group === undefined ? {} : { group }),
    ...(description === undefined ? {} : { description }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(unitSection === undefined ? {} : { unit: unitSection }),
    ...(install === undefined ? {} : { install }),
    ...(dropIns === undefined ? {} : { dropIns }),
    ...(log === undefined ? {} : { log }),
  });
}

function serviceOf(given: Settled): StepDraft {
  const { drain, grace, shutdown } = given.seconds;
  return service({
    health: (instance) => {
      const health = given.health(instance);
      return { ...health, listens: health.listens ?? portsOf(instance, given) };
    },
    stopTimeout: `${longestStop(grace, shutdown, drain) + SPARE_S}s`,
    ...Object.fromEntries(
      PASSED.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]),
    ),
    handover: {
      listeners: (instance: Instance) => listenersOf(instance, given),
      pingora: given.version,
      ...given.handover,
    },
  });
}

function confPath(instance: Instance): string {
  return `config/${instance.name}.yaml`;
}

function confOf(instance: Instance, given: Settled) {
  const { app = {} } = given;
  const own: unknown = typeof app === 'function' ? app(instance) : app;
  if (typeof own !== 'object' || own === null || Array.isArray(own))
    throw optionProblem('pingoraService', `app of ${instance.id}: expected an object, got ${describe(own)}`);
  const settings = given.tls?.settings;
  if (settings !== undefined && 'tls' in own)
    throw optionProblem('pingoraService', `app of ${instance.id}: tls is set by the option tls`);
  return renderConf(
    given.conf,
    {
      upgrade_sock: `/run/${instance.service}/${instance.name}/upgrade.sock`,
      grace_period_seconds: given.seconds.grace,
      graceful_shutdown_timeout_seconds: given.seconds.shutdown,
    },
    given.appKey,
    settings === undefined ? own : { ...own, tls: settings },
  );
}

function listenersOf(instance: Instance, given: Settled): readonly string[] {
  const listeners: unknown = given.listen(instance);
  if (Array.isArray(listeners) && listeners.every((one) => typeof one === 'string' && /^\S+$/.test(one)))
    return listeners as readonly string[];
  throw optionProblem(
    'pingoraService',
    `listen of ${instance.id}: expected a list of addresses such as "0.0.0.0:8080"`,
  );
}

/** TCP ports among the addresses; a Unix socket has none. */
function portsOf(instance: Instance, given: Settled): readonly number[] {
  return listenersOf(instance, given).flatMap((address) => {
    const port = /^[^/]*:(\d{1,5})$/.exec(address)?.[1];
    return port === undefined ? [] : [Number(port)];
  });
}

function partOf(ctx: Context, given: Settled): PingoraPart {
  return {
    version: given.version,
    appKey: given.appKey,
    drainSeconds: given.seconds.drain,
    allow: given.allow,
    ...(given.tls === undefined ? {} : { tls: given.tls.profile }),
    instances: ctx.instances.map((instance) => ({
      name: instance.name,
      path: confPath(instance),
      listeners: listenersOf(instance, given),
    })),
  };
}
