import type { Host, HostName } from '../model/host.ts';
import type { Playbook } from '../model/playbook.ts';
import { compileSteps } from '../playbook/compile-steps.ts';
import type { CompiledHost } from './compile.ts';

/** What it takes to judge whether an instance is healthy, when only the hosts know its release. */
export type Judge = Pick<CompiledHost, 'binary' | 'service'>;

/** The health checks of a playbook by host; its binary need not exist. @throws UsageError when it does not compile */
export function judgesOf(
  playbook: Playbook,
  service: string,
  hosts: readonly Host[],
): ReadonlyMap<HostName, Judge> {
  const judges = new Map<HostName, Judge>();
  for (const host of hosts) {
    const { steps } = compileSteps(playbook, host, service, '');
    const release = steps.find((s) => s.type === 'release');
    const own = steps.find((s) => s.type === 'service');
    if (release !== undefined && own !== undefined)
      judges.set(host.name, { binary: release.binary, service: own });
  }
  return judges;
}
