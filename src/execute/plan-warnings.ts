import type { Observation } from '../model/facts.ts';
import type { HostName } from '../model/host.ts';
import type { PlanWarning } from '../model/plan.ts';
import type { Finding } from '../pingora/lint/finding.ts';
import { foldHosts, lintRelease } from '../pingora/lint/release.ts';
import type { CompiledHost } from './compile.ts';

/** What the rules say of the releases of all hosts, once where it is the same for many. */
export function planWarnings(
  compiled: readonly CompiledHost[],
  observations: ReadonlyMap<HostName, Observation> = new Map(),
): readonly PlanWarning[] {
  const found = new Map(
    compiled.map((own) => [own.host.name, findingsOn(own, observations.get(own.host.name))]),
  );
  return foldHosts(found).map(({ finding: { code, why, instead, spot }, hosts }) => {
    const { file, line, col } = spot.at;
    const more = hosts.length === 1 ? '' : ` and ${hosts.length - 1} more`;
    return { code, text: `${file}:${line}:${col}${more}: ${why}; ${instead}` };
  });
}

/** The rules were asked before the host was. Where a second process will run beside one they are asked again. */
function findingsOn(own: CompiledHost, seen: Observation | undefined): readonly Finding[] {
  const { warnings = [], releaseStep, unit, service, host } = own;
  const runs = [...(seen?.instances.values() ?? [])].some((instance) => instance.mainPid > 0);
  if (seen === undefined || !runs || service.handover === undefined) return warnings;
  const { memoryAvailable } = seen.facts;
  return lintRelease(host.name, [releaseStep, unit, service], { memoryAvailable });
}
