import type { CommandModule } from 'yargs';
import { RefusedError } from '../../errors.ts';
import type { Made } from '../../execute/make-plan.ts';
import { recallRelease } from '../../execute/release-cache.ts';
import { storedTarget } from '../../execute/stored-target.ts';
import type { HostTarget } from '../../execute/target.ts';
import type { HostName } from '../../model/host.ts';
import type { Plan } from '../../model/plan.ts';
import { text } from '../args.ts';
import { deploy } from '../deploy.ts';
import { out } from '../io.ts';
import { makeRolloutPlan } from '../make.ts';
import { fleetOptions, outputOptions, planOptions } from '../options.ts';
import { openProjectState } from '../project.ts';
import { openSession } from '../session.ts';

export const resumeCommand: CommandModule = {
  command: 'resume [deployment]',
  describe: 'Go on with an interrupted deployment',
  builder: (y) =>
    outputOptions(planOptions(fleetOptions(y)), ['text', 'jsonl']).positional('deployment', {
      type: 'string',
      describe: 'Its id; default: the newest',
    }),
  handler: async (args) => {
    const { state } = await openProjectState(process.cwd());
    const wanted = text(args, 'deployment');
    const summary = wanted === undefined ? state.deployments({ limit: 1 })[0] : state.deployment(wanted);
    const plan = summary === undefined ? undefined : state.plan(summary.id);
    if (summary === undefined || plan === undefined) {
      state.close();
      throw new RefusedError('PD5007', 'no such deployment is known here', { hint: 'pdeploy history' });
    }
    if (summary.outcome !== undefined && summary.outcome !== 'interrupted') {
      state.close();
      throw new RefusedError('PD4013', `deployment ${summary.id} has ended: ${summary.outcome}`, {
        hint: 'there is nothing to resume',
      });
    }
    const session = await openSession({
      ...args,
      inventory: text(args, 'inventory') ?? plan.inventory.name,
      service: plan.service,
    });
    try {
      const made = await makeRolloutPlan(
        { ...args, release: plan.release.label },
        session,
        state,
        plan.playbook.name,
      );
      out.err(`Going on with ${summary.id}: ${plan.release.label} on ${plan.inventory.name}`);
      const same = made.plan.release.id === plan.release.id;
      const resumed: Made = {
        ...made,
        plan,
        targets: same ? made.targets : storedTargets(plan, made),
        problems: [],
      };
      process.exitCode = await deploy({
        args,
        session,
        state,
        made: resumed,
        hooks: made.hooks,
        kind: made.kind,
        compiled: new Map(),
        resume: summary.id,
      });
    } finally {
      state.close();
      await session.close();
    }
  },
};

/** The playbook has changed since: what was begun goes on with what it was begun with. */
function storedTargets(plan: Plan, made: Made): ReadonlyMap<HostName, HostTarget> {
  const targets = new Map<HostName, HostTarget>();
  for (const host of plan.hosts) {
    const now = made.targets.get(host.host);
    if (now === undefined) continue;
    const cached = recallRelease(host.digest);
    const target = storedTarget({
      ...now,
      digest: host.digest,
      release: plan.release,
      cached,
      fallback: now,
    });
    if (target !== undefined) targets.set(host.host, target);
  }
  return targets;
}
