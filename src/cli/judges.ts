import { UsageError } from '../errors.ts';
import { type Judge, judgesOf } from '../execute/judges.ts';
import type { HostName } from '../model/host.ts';
import { findPlaybook } from '../playbook/find.ts';
import { loadPlaybook } from '../playbook/load.ts';
import { withSecrets } from '../secrets/fill-in.ts';
import { type Session, surroundings } from './session.ts';

/** Releases of other machines are judged as today's playbook says, if it compiles here. */
export async function judgesOfProject(session: Session): Promise<ReadonlyMap<HostName, Judge>> {
  try {
    const loaded = await loadPlaybook(findPlaybook('rollout', session.project));
    const { playbook, hosts } = await withSecrets(
      loaded.playbook,
      session.fleet.hosts,
      surroundings(session),
    );
    return judgesOf(playbook, session.service, hosts);
  } catch (error) {
    if (error instanceof UsageError) return new Map();
    throw error;
  }
}
