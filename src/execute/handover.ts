import type { Observation } from '../model/facts.ts';
import type { HostName } from '../model/host.ts';
import type { Plan } from '../model/plan.ts';
import type { HandoverStep, ServiceStep } from '../model/playbook.ts';
import { noHandover } from '../plan/handover.ts';
import type { Compiled } from '../plan/input.ts';
import type { Made } from './made.ts';
import type { CachedRelease } from './release-cache.ts';

export type HandoverFacts = {
  readonly observation: Observation;
  /** The release that runs now, as far as it is remembered. */
  readonly before: CachedRelease | undefined;
  readonly unit: string;
  readonly unitSha256: string;
};

/** What a plan is told of handovers on one host: nothing where instances are restarted. */
export function handoverRule(
  step: HandoverStep | undefined,
  facts: HandoverFacts,
): Pick<Compiled, 'noHandover'> {
  if (step === undefined) return {};
  return {
    noHandover: (instance) => {
      const seen = facts.observation.instances.get(instance);
      if (seen === undefined) return 'it was not seen';
      if (seen.running === '' || seen.running !== seen.current) return 'it does not run its current release';
      return noHandover({
        instance,
        seen,
        facts: facts.observation.facts,
        step,
        unit: facts.unit,
        unitSame: seen.unitSha256 === facts.unitSha256,
        before: facts.before?.listeners?.get(instance),
      });
    },
  };
}

/** Instances that the playbook wants to hand over whatever it takes, and that cannot. */
export function handoverProblems(
  plan: Plan,
  compiled: ReadonlyMap<HostName, { readonly service: ServiceStep }>,
): Made['problems'] {
  return plan.hosts
    .filter((host) => compiled.get(host.host)?.service.handover?.activation === 'handover')
    .flatMap((host) => {
      const ones = host.instances.filter((i) => i.noHandover !== undefined);
      return ones.map((i) => ({
        host: host.host,
        code: 'PD3051',
        message: `${i.id} cannot hand over: ${i.noHandover}`,
      }));
    });
}
