import type { Vars } from '../../model/json.ts';
import { CODE } from '../codes.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { RawInstances } from '../schema.ts';
import { show } from '../show.ts';
import { mergeVars, NO_VARS, varsOf } from '../vars.ts';
import type { Path } from '../yaml/source.ts';
import { type Build, entriesOf } from './build.ts';

/** An instance of a service as it is asked for, before the variables around it are merged in. */
export type InstanceDraft = {
  readonly name: string;
  /** Its own variables: of the service's instance, then of the host's. */
  readonly vars: Vars;
  /** Where each own variable stands. */
  readonly places: ReadonlyMap<string, Path>;
};

/** What runs when nobody names instances. */
const SINGLE: readonly InstanceDraft[] = [{ name: '1', vars: NO_VARS, places: new Map() }];

/** `instances:` as drafts, in the order of the file. */
export function readInstances(build: Build, raw: RawInstances, path: Path): readonly InstanceDraft[] {
  if (raw === null || raw === undefined) return [];
  if (Array.isArray(raw)) {
    const names = new Set(raw.map(String));
    return [...names].map((name) => ({ name, vars: NO_VARS, places: new Map() }));
  }
  return entriesOf(build, path, raw).map(([name, own]) => {
    const vars = varsOf(own);
    const places = new Map([...vars.keys()].map((key) => [key, [...path, name, key]]));
    return { name, vars, places };
  });
}

/** Instances of one host: those of the service, changed by what the host says. A list chooses, a mapping adds. */
export function instancesOn(
  build: Build,
  service: string,
  common: readonly InstanceDraft[],
  raw: RawInstances,
  path: Path,
): readonly InstanceDraft[] {
  const own = readInstances(build, raw, path);
  if (raw === undefined || raw === null) return common.length === 0 ? SINGLE : common;
  const named = new Map(common.map((draft) => [draft.name, draft]));
  if (!Array.isArray(raw)) {
    for (const draft of own) named.set(draft.name, layered(named.get(draft.name), draft));
    return [...named.values()];
  }
  if (common.length === 0) return own;
  return own.flatMap(({ name }) => {
    const draft = named.get(name);
    if (draft !== undefined) return [draft];
    const place = { path: [...path, raw.findIndex((item) => String(item) === name)] };
    const message = `the service ${service} has no instance ${show(name)}`;
    build.fail(CODE.unknownInstance, message, place, () => didYouMean(name, named.keys()));
    return [];
  });
}

function layered(below: InstanceDraft | undefined, above: InstanceDraft): InstanceDraft {
  if (below === undefined) return above;
  const places = new Map([...below.places, ...above.places]);
  return { name: above.name, vars: mergeVars(below.vars, above.vars), places };
}
