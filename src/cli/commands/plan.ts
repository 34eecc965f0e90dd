import { writeFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { EXIT } from '../../errors.ts';
import { describePlan } from '../../plan/describe.ts';
import { planFile } from '../../plan/plan-file.ts';
import { text } from '../args.ts';
import { isConverged, refuse } from '../deploy.ts';
import { out } from '../io.ts';
import { makeRolloutPlan } from '../make.ts';
import { fleetOptions, outputOptions, planOptions } from '../options.ts';
import { openRecordedSession } from '../session.ts';

export const planCommand: CommandModule = {
  command: 'plan',
  describe: 'Show what a rollout would change; change nothing',
  builder: (y) =>
    outputOptions(planOptions(fleetOptions(y)), ['text', 'json'])
      .option('out', { type: 'string', describe: 'Save the plan, for rollout --plan FILE' })
      .option('detailed-exitcode', {
        type: 'boolean',
        default: false,
        describe: 'Exit 7 when changes are pending',
      }),
  handler: async (args) => {
    const { session, state } = await openRecordedSession(args, 'later');
    try {
      const made = await makeRolloutPlan(args, session, state, 'rollout');
      const file = text(args, 'out');
      if (file !== undefined) writeFileSync(file, planFile(made.plan), { mode: 0o600 });
      if (args.output === 'json') out.data(JSON.stringify(made.plan, null, 2));
      else out.data(describePlan(made.plan, { diff: args.diff === true }));
      refuse(made, args);
      if (args['detailed-exitcode'] === true)
        process.exitCode = isConverged(made.plan) ? EXIT.done : EXIT.pendingChanges;
    } finally {
      state.close();
      await session.close();
    }
  },
};
