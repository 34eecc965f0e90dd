import type { Problem } from '../../errors.ts';
import type { Vars } from '../../model/json.ts';
import { CODE } from '../codes.ts';
import type { Collector } from '../collector.ts';
import type { RawInventory } from '../schema.ts';
import type { Path, Place, Source } from '../yaml/source.ts';

/** What an inventory takes from outside its file. */
export type Surroundings = {
  /** Variables of the command line; they win over everything. */
  readonly extraVars: Vars;
  readonly now: Date;
  /** Home and login name of the operator. */
  readonly home: string;
  readonly user: string;
  /** Folder of the inventory file, absolute. */
  readonly dir: string;
};

type NamedPlace = Place & { readonly name: string };

/** What the steps of building an inventory share. */
export type Build = {
  readonly raw: RawInventory;
  readonly source: Source;
  readonly around: Surroundings;
  /** Reports one wrong place; the hint is only worked out when it is printed. */
  readonly fail: (code: string, message: string, place: Place, hint?: () => string | undefined) => void;
  /** The same for what does no harm. */
  readonly warn: Build['fail'];
  /** Reports a contradiction between places. */
  readonly clash: (code: string, message: string, places: readonly [NamedPlace, ...NamedPlace[]]) => void;
  /** Whether something in this entry was wrong already, so that what follows from it is noise. */
  readonly tainted: (section: string, name: string) => boolean;
  /**
   * Ranges, groups and variables multiply: a small file can stand for endless work. Each step pays here for the
   * names and variables it is about to make; false, reported once, when the file asks for too much.
   */
  readonly spend: (amount: number) => boolean;
};

const MAX_WORK = 1_000_000;

export function startBuild(
  raw: RawInventory,
  source: Source,
  around: Surroundings,
  faulty: readonly Path[],
  problems: Collector,
  warnings: Collector,
): Build {
  const wrongEntries = new Set(faulty.map((path) => entryKey(path)));
  const add = (place: Place, make: () => Problem) => {
    if (!wrongEntries.has(entryKey(place.path))) problems.add(make);
  };
  const said = new Set<string>();
  const reporter =
    (into: (place: Place, make: () => Problem) => void): Build['fail'] =>
    (code, message, place, hint) => {
      // Hosts of one range share their entry and so its faults.
      const key = JSON.stringify([code, place.path, place.part?.start]);
      if (said.has(key)) return;
      said.add(key);
      into(place, () => source.problem(code, message, place, hint?.()));
    };
  const fail = reporter(add);
  let work = 0;
  return {
    raw,
    source,
    around,
    fail,
    warn: reporter((_, make) => warnings.add(make)),
    clash: (code, message, [first, ...others]) => {
      const key = JSON.stringify([code, first.path, ...others.map((other) => other.path)]);
      if (said.has(key)) return;
      said.add(key);
      add(first, () => ({
        code,
        message,
        at: source.at(first),
        path: first.name,
        also: others.map((other) => ({ at: source.at(other), name: other.name })),
      }));
    },
    tainted: (section, name) => wrongEntries.has(entryKey([section, name])),
    spend: (amount) => {
      const before = work;
      work += amount;
      if (before <= MAX_WORK && work > MAX_WORK) {
        fail(CODE.tooLarge, 'ranges, groups and variables multiply to more than fits', { path: [] });
      }
      return work <= MAX_WORK;
    },
  };
}

function entryKey(path: Path): string {
  return JSON.stringify(path.slice(0, 2));
}

/** Keys and values of a section in the order of the file. */
export function entriesOf<T>(
  build: Build,
  path: Path,
  section: { readonly [key: string]: T } | null | undefined,
): readonly (readonly [string, T])[] {
  if (section === null || section === undefined) return [];
  // Objects put numeric keys first; the file knows the order that was meant.
  return build.source.keys(path).flatMap((key) => {
    const value = Object.hasOwn(section, key) ? section[key] : undefined;
    return value === undefined ? [] : [[key, value] as const];
  });
}
