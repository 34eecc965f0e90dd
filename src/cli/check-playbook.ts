import { count } from '../config/show.ts';
import type { Finding } from '../pingora/lint/finding.ts';
import { foldHosts, lintRelease, type Over } from '../pingora/lint/release.ts';
import { compileSteps } from '../playbook/compile-steps.ts';
import { findPlaybook } from '../playbook/find.ts';
import { loadPlaybook } from '../playbook/load.ts';
import { withPlaceholders } from '../secrets/fill-in.ts';
import { type Args, text } from './args.ts';
import { readProject } from './project.ts';
import { chooseService } from './session.ts';

/**
 * Renders the playbook of a project for all its hosts and holds the result against the rules. No host is contacted, and
 * neither a binary nor a secret need be there.
 * @throws UsageError for what does not compile
 */
export async function checkPlaybook(
  args: Args,
  over: Over,
): Promise<{ readonly findings: readonly Finding[]; readonly where: string }> {
  const { project, inventory, hosts: selected } = await readProject(args);
  const service = chooseService(inventory, text(args, 'service'), selected);
  const running = selected.filter((host) => host.instances.some((instance) => instance.service === service));
  const loaded = await loadPlaybook(findPlaybook(text(args, 'playbook') ?? 'rollout', project));
  const { playbook, hosts } = withPlaceholders(loaded.playbook, running);
  const found = new Map(
    hosts.map((host) => [
      host.name,
      lintRelease(host.name, compileSteps(playbook, host, service, 'check').steps, over),
    ]),
  );
  const findings = foldHosts(found).map(({ finding, hosts: all }) =>
    all.length === 1
      ? finding
      : { ...finding, why: `${finding.why} (so on ${count(all.length - 1, 'more host')})` },
  );
  return { findings, where: `playbook ${playbook.name}, ${count(hosts.length, 'host')}` };
}
