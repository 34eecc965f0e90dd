import type { PlanWarning } from '../model/plan.ts';
import { foldHosts } from '../pingora/lint/release.ts';
import type { CompiledHost } from './compile.ts';

/** What the rules say of the releases of all hosts, once where it is the same for many. */
export function planWarnings(compiled: readonly CompiledHost[]): readonly PlanWarning[] {
  const found = new Map(compiled.map(({ host, warnings = [] }) => [host.name, warnings]));
  return foldHosts(found).map(({ finding: { code, why, instead, spot }, hosts }) => {
    const { file, line, col } = spot.at;
    const more = hosts.length === 1 ? '' : ` and ${hosts.length - 1} more`;
    return { code, text: `${file}:${line}:${col}${more}: ${why}; ${instead}` };
  });
}
