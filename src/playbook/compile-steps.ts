import { describe } from '../config/explain-issue.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../model/host.ts';
import type { Playbook, Step, StepContext } from '../model/playbook.ts';
import { unitText } from '../model/unit-text.ts';
import { comparable, firstDifference } from './comparable.ts';
import { deploysService, openSecrets, stepProblems } from './rules.ts';

export type CompiledSteps = {
  readonly steps: readonly Step[];
  /** The steps roll the service out; false: they only set the host up. */
  readonly deploys: boolean;
};

/**
 * The steps of a playbook for one host.
 * @throws UsageError PD2106 (variables), PD2107 (steps() threw), PD2108 to PD2115 and PD2137 (what it returned)
 */
export function compileSteps(playbook: Playbook, host: Host, service: string, label: string): CompiledSteps {
  const ctx = context(playbook, host, service, label);
  const steps = playbook.steps(ctx as StepContext<never>);
  mustBePure(playbook, steps, playbook.steps(context(playbook, host, service, label) as StepContext<never>));
  const problems = [
    ...stepProblems(playbook.name, service, steps),
    ...openSecrets(playbook.name, 'a hook', playbook.hooks),
  ];
  if (problems.length > 0) throw new UsageError(problems);
  return { steps, deploys: deploysService(steps) };
}

function context(playbook: Playbook, host: Host, service: string, label: string): StepContext<unknown> {
  const parsed = playbook.parseVars(Object.fromEntries(host.vars));
  if (!parsed.ok)
    throw new UsageError(
      parsed.problems.map(({ path, message }) => ({
        code: 'PD2106',
        message: `vars${path === '' ? '' : `.${path}`} of ${host.name}: ${message}`,
        path: `vars${path === '' ? '' : `.${path}`}`,
        hint: `the inventory sets variables: under defaults, a group, the service or the host; playbook ${playbook.name} says what it takes`,
      })),
    );
  return {
    host,
    instances: host.instances.filter((instance) => instance.service === service),
    service,
    label,
    vars: parsed.value,
    secrets: {},
    paths: {
      root: `/opt/pdeploy/${service}`,
      current: unitText([
        { kind: 'literal', text: `/run/pdeploy/${service}/` },
        { kind: 'specifier', text: '%i' },
        { kind: 'literal', text: '/current' },
      ]),
    },
  };
}

function mustBePure(playbook: Playbook, first: readonly Step[], second: readonly Step[]): void {
  const a = comparable(first);
  const b = comparable(second);
  const hint =
    'steps must not use the clock, random numbers, the environment or counters: give such values as variables';
  const found = firstDifference(a, b);
  if (found === undefined) return;
  const [index, ...rest] = found.path.split('.');
  const step = first[Number(index)] ?? second[Number(index)];
  const secret = rest.at(-1) === 'digest';
  const values = secret ? '' : `: ${describe(found.a)}, then ${describe(found.b)}`;
  throw UsageError.of(
    'PD2110',
    `steps() of ${playbook.name} gave two different results for the same host: ${step?.id ?? 'the list'} ${rest.join('.')}${values}`,
    hint,
  );
}
