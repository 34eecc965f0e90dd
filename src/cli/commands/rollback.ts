import type { CommandModule } from 'yargs';
import { RefusedError } from '../../errors.ts';
import type { CompiledHost } from '../../execute/compile.ts';
import { draftHosts } from '../../execute/draft.ts';
import { hookRunner } from '../../execute/hooks.ts';
import { makeRollback } from '../../execute/make-rollback.ts';
import { trafficOf, withTraffic } from '../../execute/traffic.ts';
import type { HostName } from '../../model/host.ts';
import type { ReleaseRecord } from '../../model/release.ts';
import { findPlaybook } from '../../playbook/find.ts';
import { loadPlaybook } from '../../playbook/load.ts';
import { withSecrets } from '../../secrets/fill-in.ts';
import type { StateStore } from '../../state/port.ts';
import { type Args, text } from '../args.ts';
import { certificateStoresOf } from '../certificate-stores.ts';
import { deploy } from '../deploy.ts';
import { out } from '../io.ts';
import { judgesOfProject } from '../judges.ts';
import { withLockWait } from '../lock-wait.ts';
import { fleetOptions, outputOptions, planOptions, runOptions } from '../options.ts';
import { planBasis } from '../plan-parts.ts';
import { openRecordedSession, type Session, surroundings } from '../session.ts';
import { checkStrategy, strategyFlags } from '../strategy-flags.ts';
import { waiting } from '../wait.ts';

export const rollbackCommand: CommandModule = {
  command: 'rollback',
  describe: 'Take the fleet to the last proven release',
  builder: (y) =>
    runOptions(outputOptions(planOptions(fleetOptions(y)), ['text', 'jsonl'])).option('to', {
      type: 'string',
      describe: 'This release instead: id, its first digits, or label',
    }),
  handler: async (args) => {
    const { session, state } = await openRecordedSession(args);
    const rollBack = async (): Promise<void> => {
      const flags = strategyFlags(args);
      const loaded = await loadPlaybook(findPlaybook(text(args, 'playbook') ?? 'rollback', session.project));
      checkStrategy(loaded.playbook.strategy, flags);
      const judges = await judgesOfProject(session);
      if (judges.size === 0)
        out.err('the playbook of the rollout does not compile: no instance is drained before it is touched');
      const traffic = trafficOf(session.inventory, judges);
      const made = await waiting(
        'Looking at the hosts',
        args.quiet === true,
        makeRollback({
          ...(await planBasis(session, state, loaded, flags)),
          choose: (runs) => choose(args, session, state, runs),
          compiled: await tryDraft(session),
        }).then((plan) => withTraffic(plan, traffic, session.fleet)),
      );
      const hooks = hookRunner(loaded.playbook, session.project, { PDEPLOY_SERVICE: session.service });
      process.exitCode = await deploy({
        args,
        session,
        state,
        made,
        hooks,
        kind: 'rollback',
        compiled: new Map(),
      });
    };
    try {
      await withLockWait(args, session, rollBack);
    } finally {
      state.close();
      await session.close();
    }
  },
};

function choose(args: Args, session: Session, state: StateStore, runs: readonly string[]): ReleaseRecord {
  const to = text(args, 'to');
  if (to !== undefined) {
    const found = state.release(session.service, to);
    if (found !== undefined) return found;
    throw new RefusedError('PD3045', `no release ${to} of ${session.service} is known here`, {
      hint: 'pdeploy releases',
    });
  }
  const active = session.hosts.filter((h) => h.cordon === undefined).map((h) => h.name);
  const only = runs.length === 1 ? runs : [];
  const proven = state.provenRelease(session.service, only, active);
  if (proven !== undefined) return proven;
  throw new RefusedError('PD3046', `there is no proven release of ${session.service} to go back to`, {
    hint: 'pdeploy releases lists what is known; pdeploy rollback --to RELEASE goes to one of them',
  });
}

/** Today's playbook is only a help here: a rollback must not fail because a binary is not built. */
async function tryDraft(session: Session): Promise<ReadonlyMap<HostName, CompiledHost>> {
  try {
    const loaded = await loadPlaybook(findPlaybook('rollout', session.project));
    const { playbook, hosts } = await withSecrets(
      loaded.playbook,
      session.hosts.filter((h) => h.cordon === undefined),
      surroundings(session),
    );
    const drafts = await draftHosts(
      {
        playbook,
        service: session.service,
        label: '',
        project: session.project,
        stores: certificateStoresOf(session),
      },
      hosts,
    );
    return new Map(drafts.map((d) => [d.host.name, d]));
  } catch {
    return new Map();
  }
}
