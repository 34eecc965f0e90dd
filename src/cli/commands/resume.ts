import type { CommandModule } from 'yargs';
import { RefusedError } from '../../errors.ts';
import type { Made } from '../../execute/made.ts';
import { refuseOvertaken } from '../../execute/overtaken.ts';
import { recallRelease } from '../../execute/release-cache.ts';
import { storedTarget } from '../../execute/stored-target.ts';
import type { HostTarget } from '../../execute/target.ts';
import type { HostName } from '../../model/host.ts';
import type { Plan } from '../../model/plan.ts';
import type { DeploymentSummary, StateStore } from '../../state/port.ts';
import { type Args, text } from '../args.ts';
import { deploy } from '../deploy.ts';
import { out } from '../io.ts';
import { withLockWait } from '../lock-wait.ts';
import { makeRolloutPlan } from '../make.ts';
import { fleetOptions, lockWaitOption, outputOptions, planOptions } from '../options.ts';
import { knowsInventory, openProjectState } from '../project.ts';
import { openSession } from '../session.ts';
import { settle } from '../settle.ts';

export const resumeCommand: CommandModule = {
  command: 'resume [deployment]',
  describe: 'Go on with an interrupted deployment, or settle what the hosts have open',
  builder: (y) =>
    outputOptions(lockWaitOption(planOptions(fleetOptions(y))), ['text', 'jsonl']).positional('deployment', {
      type: 'string',
      describe: 'Its id; default: the newest',
    }),
  handler: async (args) => {
    const { state } = await openProjectState(process.cwd());
    try {
      const wanted = text(args, 'deployment');
      const summary = wanted === undefined ? state.deployments({ limit: 1 })[0] : state.deployment(wanted);
      const plan = summary === undefined ? undefined : state.plan(summary.id);
      const ended = summary?.outcome !== undefined && summary.outcome !== 'interrupted';
      if (summary !== undefined && plan !== undefined && !ended) await goOn(args, state, summary.id, plan);
      else if (wanted === undefined && (await knowsInventory(args))) await askHosts(args, state);
      else throw nothingToResume(summary);
    } finally {
      state.close();
    }
  },
};

function nothingToResume(summary: DeploymentSummary | undefined): RefusedError {
  const hint = 'pdeploy resume -i INVENTORY asks the hosts what is open there';
  return summary?.outcome === undefined
    ? new RefusedError('PD5007', 'no such deployment is known here', { hint })
    : new RefusedError('PD4013', `deployment ${summary.id} has ended: ${summary.outcome}`, { hint });
}

/** Nothing here to go on with, or somebody else's: the hosts know what is open. */
async function askHosts(args: Args, state: StateStore): Promise<void> {
  const session = await openSession(args);
  try {
    process.exitCode = await settle(args, session, state);
  } finally {
    await session.close();
  }
}

async function goOn(args: Args, state: StateStore, deployment: string, plan: Plan): Promise<void> {
  const session = await openSession({
    ...args,
    inventory: text(args, 'inventory') ?? plan.inventory.name,
    service: plan.service,
  });
  try {
    await withLockWait(args, session, async () => {
      const made = await makeRolloutPlan(
        { ...args, release: plan.release.label },
        session,
        state,
        plan.playbook.name,
      );
      refuseOvertaken(plan, state.events(deployment), made.observations);
      out.err(`Going on with ${deployment}: ${plan.release.label} on ${plan.inventory.name}`);
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
        resume: deployment,
      });
    });
  } finally {
    await session.close();
  }
}

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
    if (target !== undefined)
      targets.set(host.host, { ...target, ...(now.drains === undefined ? {} : { drains: now.drains }) });
  }
  return targets;
}
