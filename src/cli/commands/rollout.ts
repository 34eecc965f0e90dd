import { readFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { EXIT, type ExitCode, RefusedError, UsageError } from '../../errors.ts';
import type { Plan } from '../../model/plan.ts';
import { comparePlans } from '../../plan/compare.ts';
import { type Args, text } from '../args.ts';
import { deploy } from '../deploy.ts';
import { out } from '../io.ts';
import { withLockWait } from '../lock-wait.ts';
import { makeRolloutPlan } from '../make.ts';
import { fleetOptions, outputOptions, planOptions, runOptions } from '../options.ts';
import type { MadePlan } from '../plan-parts.ts';
import { openRecordedSession } from '../session.ts';

export const rolloutCommand: CommandModule = {
  command: 'rollout',
  describe: 'Roll a release out, one wave at a time; back by itself when it is bad',
  builder: (y) =>
    runOptions(outputOptions(planOptions(fleetOptions(y)), ['text', 'jsonl'])).option('plan', {
      type: 'string',
      describe: 'A plan saved by pdeploy plan --out; refused when the fleet has moved since',
    }),
  handler: async (args) => {
    await rollOut(args, 'rollout');
  },
};

export async function rollOut(args: Args, playbookName: string): Promise<void> {
  const file = text(args, 'plan');
  const saved = file === undefined ? undefined : await readPlan(file);
  const { session, state } = await openRecordedSession(args, 'later');
  const rollOnce = async (): Promise<void> => {
    const made = await makeRolloutPlan(args, session, state, playbookName);
    if (saved !== undefined) refuseDrift(saved, made.plan, file ?? '');
    const run = (plan: MadePlan, given: Args): Promise<ExitCode> =>
      deploy({
        args: given,
        session,
        state,
        made: plan,
        hooks: plan.hooks,
        kind: plan.kind,
        compiled: plan.compiled,
      });
    const code = await run(made, args);
    process.exitCode = code;
    if (code !== EXIT.done || args.check === true || !isDeferring(made.plan)) return;
    out.err(`\nTrying again: ${made.plan.unreachable.map((u) => u.host).join(', ')}`);
    const given = { ...args, yes: true, 'on-unreachable': 'skip' };
    process.exitCode = await run(await makeRolloutPlan(given, session, state, playbookName), given);
  };
  try {
    await withLockWait(args, session, rollOnce);
  } finally {
    state.close();
    await session.close();
  }
}

/** Some hosts could not even be looked at; they are to be tried once more when the others are done. */
function isDeferring(plan: Plan): boolean {
  return plan.strategy.onUnreachable === 'defer' && plan.unreachable.length > 0;
}

async function readPlan(file: string): Promise<Plan> {
  const { parsePlanFile } = await import('../../plan/plan-file.ts');
  try {
    return parsePlanFile(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined || error instanceof RefusedError) throw error;
    throw UsageError.of('PD2224', `cannot read the plan ${file}: ${(error as Error).message}`);
  }
}

function refuseDrift(saved: Plan, now: Plan, file: string): void {
  const moved = comparePlans(saved, now);
  if (moved.length === 0) return;
  const lines = moved.map((m) => (m.host === '' ? m.why : `${m.host}: ${m.why}`));
  throw new RefusedError(
    'PD3042',
    `the fleet is not as it was when ${file} was made\n  ${lines.join('\n  ')}`,
    {
      hint: `look again: pdeploy plan -i ${now.inventory.name} --out ${file}`,
    },
  );
}
