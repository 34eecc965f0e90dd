import type { HostName } from '../../model/host.ts';
import type { Vars } from '../../model/json.ts';
import { CODE } from '../codes.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { RawInstances } from '../schema.ts';
import { evaluate, type Universe } from '../selector/evaluate.ts';
import { readSelector, type SelectorFault } from '../selector/read.ts';
import { show } from '../show.ts';
import { varsOf } from '../vars.ts';
import { type Build, entriesOf } from './build.ts';
import type { Hosts } from './hosts.ts';
import { type InstanceDraft, instancesOn, readInstances } from './instances.ts';

export type ServiceDraft = {
  readonly name: string;
  readonly vars: Vars;
  readonly hosts: ReadonlyMap<HostName, readonly InstanceDraft[]>;
};

/** Where each service runs and as which instances. */
export function resolveServices(build: Build, hosts: Hosts, universe: Universe): readonly ServiceDraft[] {
  const services = entriesOf(build, ['services'], build.raw.services);
  const names = services.map(([name]) => name);
  const wanted = overridesOf(build, hosts, new Set(names));
  return services
    .filter(([name]) => !build.tainted('services', name) && build.spend(universe.hosts.size))
    .map(([name, entry]) => {
      const path = ['services', name];
      const common = readInstances(build, entry?.instances, [...path, 'instances']);
      const overrides = wanted.get(name) ?? new Map<HostName, RawInstances>();
      const on = entry?.on;
      const selected = on === undefined ? new Set(overrides.keys()) : selectedBy(build, name, on, universe);
      const placed = new Map<HostName, readonly InstanceDraft[]>();
      for (const host of universe.hosts.keys()) {
        const override = overrides.get(host);
        const at = [...(hosts.drafts.get(host)?.path ?? []), 'instances', name];
        if (selected?.has(host)) {
          const drafts = instancesOn(build, name, common, override, at);
          if (build.spend(drafts.length)) placed.set(host, drafts);
        } else if (override !== undefined && selected !== undefined) {
          const message = `the service ${name} is not on ${host}, which lists instances of it`;
          build.fail(
            CODE.hostNotInService,
            message,
            { path: at, side: 'key' },
            () => `see services.${name}.on`,
          );
        }
      }
      if (selected !== undefined && placed.size === 0) {
        const place = on === undefined ? ({ path, side: 'key' } as const) : { path: [...path, 'on'] };
        build.fail(CODE.noHostForService, `the service ${name} runs on no host`, place);
      }
      return { name, vars: varsOf(entry?.vars), hosts: placed };
    });
}

type Overrides = ReadonlyMap<string, ReadonlyMap<HostName, RawInstances>>;

/** What hosts say about instances, by service. */
function overridesOf(build: Build, hosts: Hosts, services: ReadonlySet<string>): Overrides {
  const overrides = new Map<string, Map<HostName, RawInstances>>();
  for (const [name, draft] of hosts.drafts) {
    for (const [service, raw] of entriesOf(build, [...draft.path, 'instances'], draft.entry?.instances)) {
      if (services.has(service)) {
        const known = overrides.get(service) ?? new Map<HostName, RawInstances>();
        overrides.set(service, known.set(name, raw));
      } else {
        const place = { path: [...draft.path, 'instances', service], side: 'key' } as const;
        const message = `no service is called ${show(service)}`;
        build.fail(CODE.unknownService, message, place, () => didYouMean(service, services));
      }
    }
  }
  return overrides;
}

/** Hosts of `on:`; `undefined` when it is wrong, which is then reported. */
function selectedBy(
  build: Build,
  service: string,
  on: string,
  universe: Universe,
): ReadonlySet<HostName> | undefined {
  const report = (faults: readonly SelectorFault[]) => {
    for (const { code, message, span, hint } of faults) {
      build.fail(code, message, { path: ['services', service, 'on'], part: span }, hint);
    }
    return undefined;
  };
  const parsed = readSelector(on);
  if (!parsed.ok) return report(parsed.faults);
  const instanced = parsed.selector.terms.filter((term) => term.instance !== undefined);
  if (instanced.length > 0) {
    const message = 'instances cannot be chosen here';
    return report(instanced.map(({ span }) => ({ code: CODE.selectorSyntax, message, span })));
  }
  if (!build.spend(4 * parsed.selector.terms.length * universe.hosts.size)) return undefined;
  const result = evaluate(universe, parsed.selector);
  if (!result.ok) return report(result.faults);
  const selected = [...universe.hosts].filter(([, host]) => result.atoms.has(host));
  return new Set(selected.map(([name]) => name));
}
