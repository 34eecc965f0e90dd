import type { HostName } from '../../model/host.ts';
import { CODE } from '../codes.ts';
import { ALL, HOST_NAME, HOST_NAME_RULE } from '../names.ts';
import { expandRange, hasRange, MAX_HOSTS } from '../range.ts';
import type { RawHost } from '../schema.ts';
import { count, show } from '../show.ts';
import type { Path, Side } from '../yaml/source.ts';
import { type Build, entriesOf } from './build.ts';

/** A host while the inventory is built. */
export type HostDraft = {
  readonly name: HostName;
  /** What `hosts:` says about it; `undefined` when it only stands in a group. */
  readonly entry: RawHost | undefined;
  /** Where it is described, else where it is first mentioned. */
  readonly path: Path;
  readonly side: Side;
  /** Its own, the ranges of a shared entry taken apart. */
  readonly address: string | undefined;
};

export type Hosts = {
  /** In the order of the file: a host stands where it is first mentioned. */
  readonly drafts: ReadonlyMap<HostName, HostDraft>;
  /** Hosts that each group lists itself. */
  readonly listed: ReadonlyMap<string, readonly HostName[]>;
};

/** Finds every host that is described under `hosts:` or listed in a group. */
export function collectHosts(build: Build): Hosts {
  const drafts = new Map<HostName, HostDraft>();
  const listed = new Map<string, readonly HostName[]>();
  for (const section of build.source.keys([])) {
    if (section === 'hosts') describe(build, drafts);
    if (section === 'groups') {
      for (const [group, entry] of entriesOf(build, ['groups'], build.raw.groups)) {
        listed.set(group, mention(build, group, entry?.hosts ?? [], drafts));
      }
    }
  }
  for (const [name, draft] of drafts) refuseClash(build, name, draft);
  if (drafts.size === 0 && !mentionsHosts(build))
    build.fail(CODE.noHosts, 'the inventory has no hosts', { path: [] });
  if (drafts.size > MAX_HOSTS) {
    build.fail(CODE.tooManyHosts, `the inventory has ${drafts.size} hosts; the limit is ${MAX_HOSTS}`, {
      path: [],
    });
  }
  return { drafts, listed };
}

function mentionsHosts(build: Build): boolean {
  const groups = Object.values(build.raw.groups ?? {});
  return (
    Object.keys(build.raw.hosts ?? {}).length > 0 || groups.some((group) => (group?.hosts ?? []).length > 0)
  );
}

function describe(build: Build, drafts: Map<HostName, HostDraft>): void {
  for (const [key, entry] of entriesOf(build, ['hosts'], build.raw.hosts)) {
    const path = ['hosts', key];
    const names = namesOf(build, key, path, 'key');
    const addresses = addressesOf(build, entry?.address, names, key);
    for (const [index, name] of names.entries()) {
      const known = drafts.get(name);
      if (known?.entry !== undefined) {
        build.clash(CODE.hostTwice, `the host ${name} is described twice`, [
          { path: known.path, side: 'key', name: String(known.path[1]) },
          { path, side: 'key', name: key },
        ]);
        continue;
      }
      drafts.set(name, { name, entry: entry ?? {}, path, side: 'key', address: addresses[index] });
    }
    if (drafts.size > MAX_HOSTS) return;
  }
}

function mention(
  build: Build,
  group: string,
  patterns: readonly string[],
  drafts: Map<HostName, HostDraft>,
): readonly HostName[] {
  const names = new Set<HostName>();
  for (const [index, pattern] of patterns.entries()) {
    const path = ['groups', group, 'hosts', index];
    for (const name of namesOf(build, pattern, path, 'value')) {
      names.add(name);
      if (drafts.has(name)) continue;
      drafts.set(name, { name, entry: undefined, path, side: 'value', address: undefined });
    }
    if (drafts.size > MAX_HOSTS) break;
  }
  return [...names];
}

/** Host names a pattern stands for; none when it is wrong. */
function namesOf(build: Build, pattern: string, path: Path, side: Side): readonly HostName[] {
  if (!build.spend(1)) return [];
  const expansion = expandRange(pattern);
  if (!expansion.ok) {
    build.fail(CODE.badRange, expansion.why, { path, side }, () => expansion.hint);
    return [];
  }
  if (!build.spend(2 * expansion.names.length)) return [];
  const wrong = expansion.names.find((name) => !HOST_NAME.test(name));
  if (wrong === undefined) return expansion.names;
  if (/[[\]]/.test(wrong)) {
    const message = `${show(pattern)} is not a range of hosts`;
    build.fail(CODE.badRange, message, { path, side }, () => 'ranges look like [01:20] or [a:f]');
  } else {
    build.fail(CODE.badName, `${show(wrong)} is not a name for a host`, { path, side }, () => HOST_NAME_RULE);
  }
  return [];
}

function addressesOf(
  build: Build,
  address: string | undefined,
  names: readonly HostName[],
  key: string,
): readonly string[] {
  if (address === undefined) return [];
  const place = { path: ['hosts', key, 'address'] };
  const expansion = expandRange(address);
  if (!expansion.ok) {
    build.fail(CODE.badRange, expansion.why, place, () => expansion.hint);
    return [];
  }
  if (names.length === 0 || expansion.names.length === names.length) return expansion.names;
  const stands = `${show(key)} stands for ${count(names.length, 'host')}`;
  const has = hasRange(address) ? `its address for ${expansion.names.length}` : 'its address for one';
  build.fail(CODE.rangeStep, `${stands}, ${has}`, place, () => 'ranges of name and address run in step');
  return [];
}

function refuseClash(build: Build, name: HostName, draft: HostDraft): void {
  const { path, side } = draft;
  if (name === ALL) {
    build.fail(CODE.nameClash, `"${ALL}" is the group of all hosts and cannot be a host`, { path, side });
  } else if (Object.hasOwn(build.raw.groups ?? {}, name)) {
    build.clash(CODE.nameClash, `"${name}" is the name of a host and of a group`, [
      { path, side, name: 'the host' },
      { path: ['groups', name], side: 'key', name: 'the group' },
    ]);
  }
}
