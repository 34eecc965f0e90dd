import type { HostName } from '../../model/host.ts';
import { CODE } from '../codes.ts';
import { didYouMean } from '../did-you-mean.ts';
import { expandRange } from '../range.ts';
import { show } from '../show.ts';
import { isGlob, matchesGlob } from './glob.ts';
import type { Selector, SelectorFault, Term } from './read.ts';

type SelectableInstance = { readonly name: string };

export type SelectableHost = {
  readonly zone?: string;
  readonly region?: string;
  readonly instances: readonly SelectableInstance[];
};

/** What a selector chooses from; an Inventory is one. */
export type Universe = {
  readonly hosts: ReadonlyMap<HostName, SelectableHost>;
  readonly groups: ReadonlyMap<string, readonly HostName[]>;
};

/** Hosts and instances by identity. A host stands for itself; its instances are members of their own. */
export type Atoms = ReadonlySet<SelectableHost | SelectableInstance>;

export type Evaluation =
  | { readonly ok: true; readonly atoms: Atoms }
  | { readonly ok: false; readonly faults: readonly SelectorFault[] };

type Found = { readonly hosts: readonly HostName[] } | { readonly fault: SelectorFault };

/** Set algebra: the union of what is added (all, when nothing is), cut with what is kept, less what is removed. */
export function evaluate(universe: Universe, selector: Selector): Evaluation {
  const faults: SelectorFault[] = [];
  const chosen = (kind: Term['kind']) =>
    selector.terms
      .filter((term) => term.kind === kind)
      .map((term) => {
        const atoms = atomsOf(universe, term);
        if (!('fault' in atoms)) return atoms.atoms;
        faults.push(atoms.fault);
        return new Set<never>();
      });
  const added = chosen('add');
  let atoms: Atoms = added.length === 0 ? everything(universe) : new Set(added.flatMap((set) => [...set]));
  for (const set of chosen('keep')) atoms = new Set([...atoms].filter((atom) => set.has(atom)));
  for (const set of chosen('remove')) atoms = new Set([...atoms].filter((atom) => !set.has(atom)));
  if (faults.length === 0) return { ok: true, atoms };
  return { ok: false, faults: faults.toSorted((a, b) => a.span.start - b.span.start) };
}

function everything(universe: Universe): Atoms {
  return new Set([...universe.hosts.values()].flatMap((host) => [host, ...host.instances]));
}

function atomsOf(
  universe: Universe,
  term: Term,
): { readonly atoms: Atoms } | { readonly fault: SelectorFault } {
  const found = hostsOf(universe, term);
  if ('fault' in found) return found;
  const hosts = found.hosts.flatMap((name) => universe.hosts.get(name) ?? []);
  const { instance } = term;
  if (instance === undefined) return { atoms: new Set(hosts.flatMap((host) => [host, ...host.instances])) };
  const instances = hosts.flatMap((host) => host.instances.filter(({ name }) => matchesGlob(instance, name)));
  if (instances.length > 0) return { atoms: new Set(instances) };
  const names = new Set(hosts.flatMap((host) => host.instances.map(({ name }) => name)));
  const message = `${show(term.pattern)} has no instance ${show(instance)}`;
  return { fault: unknown(term, message, () => didYouMean(instance, names)) };
}

function hostsOf(universe: Universe, term: Term): Found {
  const { pattern } = term;
  const domain = /^(zone|region)=(.*)$/.exec(pattern);
  if (domain !== null)
    return inDomain(universe, term, domain[1] === 'zone' ? 'zone' : 'region', domain[2] ?? '');
  if (isGlob(pattern)) return byGlob(universe, term);
  const expansion = expandRange(pattern);
  if (!expansion.ok) return { fault: { code: CODE.selectorSyntax, message: expansion.why, span: term.span } };
  const missing = expansion.names.find((name) => !universe.groups.has(name) && !universe.hosts.has(name));
  if (missing === undefined)
    return { hosts: expansion.names.flatMap((name) => universe.groups.get(name) ?? name) };
  const names = () => [...universe.groups.keys(), ...universe.hosts.keys()];
  return {
    fault: unknown(term, `no host or group is called ${show(missing)}`, () => didYouMean(missing, names())),
  };
}

function byGlob(universe: Universe, term: Term): Found {
  const groups = [...universe.groups].filter(([name]) => matchesGlob(term.pattern, name));
  const hosts = [...universe.hosts.keys()].filter((name) => matchesGlob(term.pattern, name));
  if (groups.length + hosts.length > 0)
    return { hosts: [...groups.flatMap(([, members]) => members), ...hosts] };
  return { fault: unknown(term, `no host or group matches ${show(term.pattern)}`, () => undefined) };
}

function inDomain(universe: Universe, term: Term, key: 'zone' | 'region', value: string): Found {
  const hosts = [...universe.hosts].filter(([, host]) => host[key] === value).map(([name]) => name);
  if (hosts.length > 0) return { hosts };
  const known = new Set([...universe.hosts.values()].flatMap((host) => host[key] ?? []));
  return { fault: unknown(term, `no host is in ${key} ${show(value)}`, () => didYouMean(value, known)) };
}

function unknown(term: Term, message: string, hint: () => string | undefined): SelectorFault {
  return { code: CODE.selectorName, message, span: term.span, hint };
}
