import { EXIT, type ExitCode, RefusedError, UsageError } from '../errors.ts';
import type { CompiledHost } from '../execute/compile.ts';
import type { HookRunner } from '../execute/hooks.ts';
import type { Made } from '../execute/made.ts';
import type { DeploymentKind } from '../execute/mark-release.ts';
import { actor } from '../execute/origin.ts';
import { rememberRelease } from '../execute/release-cache.ts';
import { type DeploymentResult, runDeployment } from '../execute/run-deployment.ts';
import type { HostName } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import { describePlan } from '../plan/describe.ts';
import { planRefusals } from '../plan/refusals.ts';
import { isIdle } from '../plan/rollout-input.ts';
import type { Reporter } from '../report/port.ts';
import { createReporter } from '../report/select.ts';
import { detectStyle } from '../report/style.ts';
import { summary } from '../report/summary.ts';
import type { StateStore } from '../state/port.ts';
import { type Args, text } from './args.ts';
import { handleError } from './handle-error.ts';
import { canDraw, isInteractive, out } from './io.ts';
import { listenToKeys } from './keyboard.ts';
import type { Session } from './session.ts';

const KEPT_RELEASES = 5;

export type Deploy = {
  readonly args: Args;
  readonly session: Session;
  readonly state: StateStore;
  readonly made: Made;
  readonly hooks: HookRunner;
  readonly kind: DeploymentKind;
  readonly compiled: ReadonlyMap<HostName, CompiledHost>;
  readonly resume?: string;
};

/** Nothing differs anywhere: no deployment is needed. */
export function isConverged(plan: Plan): boolean {
  return plan.hosts.every(isIdle);
}

/** @throws RefusedError listing everything that stands in the way of this plan */
export function refuse(made: Made, args: Args): void {
  const reasons = [...made.problems, ...planRefusals(made.plan)].map((p) => ({
    code: p.code,
    message: p.message,
  }));
  if (args['accept-irreversible'] !== true) {
    for (const host of made.plan.hosts) {
      if (host.rollback.possible || host.instances.every((i) => i.action === 'nothing')) continue;
      reasons.push({
        code: 'PD3048',
        message: `${host.host} could not be rolled back: ${host.rollback.why} (--accept-irreversible goes on all the same)`,
      });
    }
  }
  const [first, ...more] = reasons;
  if (first === undefined) return;
  throw new RefusedError(first.code, [first, ...more].map((r) => r.message).join('\n'), {
    hint: 'nothing has been changed',
  });
}

/** Asks, performs, tells how it went. */
export async function deploy(input: Deploy): Promise<ExitCode> {
  const { args, session, state, made } = input;
  const { plan } = made;
  const quiet = args.quiet === true;
  const jsonl = text(args, 'output') === 'jsonl';
  if (input.resume === undefined) {
    refuse(made, args);
    if (isConverged(plan)) {
      if (!jsonl)
        out.err(
          `${plan.service} on ${plan.inventory.name} runs ${plan.release.label} already${awayText(plan)}. Nothing has been changed.\n`,
        );
      return EXIT.done;
    }
    if (!quiet && !jsonl) out.err(`${describePlan(plan, { diff: args.diff === true, next: '' })}\n`);
    if (args.check === true) return EXIT.done;
    await ask(input);
  }
  session.stops.check();
  if (input.kind !== 'setup')
    state.saveRelease(plan.release, new Map(plan.hosts.map((h) => [h.host, h.digest])));
  for (const compiled of new Map([...input.compiled.values()].map((c) => [c.release.digest, c])).values())
    rememberRelease(compiled);
  session.stops.begin();
  const result = await runDeployment({
    plan,
    targets: made.targets,
    former: made.former,
    tools: made.tools,
    fleet: session.fleet,
    forks: session.forks,
    store: state,
    reporter: (deployment) => watch(input, deployment),
    hooks: input.hooks,
    cwd: session.project,
    actor: actor(),
    interruption: { stop: session.stops.stop, gone: session.stops.gone },
    keep: (host) => keptDigests(state, plan.service, host),
    kind: input.kind,
    ...(input.resume === undefined ? { seenLeases: made.observations } : { resume: input.resume }),
  });
  tell(result, input, jsonl);
  return result.exitCode;
}

/** The reporter of this terminal, and its keyboard when somebody can use it. */
async function watch({ args, state, made }: Deploy, deployment: string): Promise<Reporter> {
  const jsonl = text(args, 'output') === 'jsonl';
  const quiet = args.quiet === true;
  const keys = !jsonl && !quiet && canDraw() && isInteractive() && args.input !== false;
  const reporter = await createReporter({
    output: jsonl ? 'jsonl' : 'text',
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    plan: made.plan,
    keys,
    quiet,
  });
  if (!keys) return reporter;
  const release = listenToKeys(state, deployment, actor());
  return {
    event: (event) => reporter.event(event),
    end: async () => {
      release();
      await reporter.end();
    },
  };
}

function awayText(plan: Plan): string {
  const away = plan.unreachable.map((u) => u.host).join(', ');
  return away === '' ? '' : `, but for what cannot be reached: ${away}`;
}

async function ask(input: Deploy): Promise<void> {
  const { args, session, made } = input;
  if (args.yes === true) return;
  if (args.input === false || !isInteractive())
    throw UsageError.of(
      'PD2230',
      'nobody is there to say yes to this plan',
      'look at it with pdeploy plan, then add --yes',
    );
  const { confirm } = await import('./prompt.ts');
  const verb = { rollout: 'Roll out', rollback: 'Roll back', setup: 'Run' }[input.kind];
  if (await confirm(`${verb} ${made.plan.service} on ${made.plan.inventory.name}?`, session.stops.stop))
    return;
  const { CancelledError } = await import('../errors.ts');
  throw new CancelledError();
}

function tell(result: DeploymentResult, { made, kind, state }: Deploy, jsonl: boolean): void {
  if (result.lost !== undefined) handleError(result.lost, false);
  if (jsonl) return;
  const { service, release } = made.plan;
  const marked = kind === 'rollout' && state.release(service, release.id)?.mark === 'bad';
  const style = detectStyle(process.stderr, process.env);
  out.err(
    `${canDraw() ? '\n' : ''}${summary(result.events, made.plan, style, {
      marked,
      ...(result.lost === undefined ? {} : { cause: 'nothing could be recorded any more' }),
    })}`,
  );
}

/** The newest releases stay on a host; the agent keeps current, running and last-good ones by itself. */
function keptDigests(state: StateStore, service: string, host: HostName): readonly string[] {
  return state
    .releases(service)
    .flatMap((r) => r.digests.get(host) ?? [])
    .slice(0, KEPT_RELEASES);
}
