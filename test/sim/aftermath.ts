import { isBack } from './drained.ts';
import { currentOf, readRelease } from './host/agent/units.ts';
import type { Host } from './host/host.ts';
import { byName, CONTROL, SYSTEM } from './host/paths.ts';
import type { Broken } from './rules.ts';
import type { Spot } from './spot.ts';
import { openTrials } from './watch.ts';

/** Rule 9: nothing is left of any deployment. */
export function isClean(spots: readonly Spot[], broken: Broken): void {
  for (const { host, at, id } of spots) {
    const open = openTrials(host, at);
    if (open.length > 0) broken('clean', `${id} has ${open.join(' ')}`);
    if (host.run.has(`${CONTROL}/${at.unit}`)) broken('clean', `${id} has a unit in /run`);
  }
  for (const host of new Set(spots.map((spot) => spot.host))) {
    const service = spots[0]?.at.service ?? '';
    if (host.guards().length > 0) broken('clean', `${host.name} has ${host.guards().join(' ')}`);
    if (host.disk.has(`/var/lib/pdeploy/${service}/lease`)) broken('clean', `${host.name} has a lease`);
    for (const dir of [`/opt/pdeploy/${service}/.incoming`, `/var/lib/pdeploy/${service}/undo`])
      if (host.disk.below(dir).length > 0) broken('clean', `${host.name} has something in ${dir}`);
  }
}

/** Whether anybody has to come back at all. */
export function isOpen(spots: readonly Spot[], balancers: readonly Host[]): boolean {
  let open = false;
  const found = (): void => {
    open = true;
  };
  isClean(spots, found);
  isBack(balancers, found);
  return open;
}

/** The promise itself: exactly the old or exactly the new release, links, unit and process alike, now and after a boot. */
export function isWhole(spots: readonly Spot[], broken: Broken): void {
  for (const spot of spots) {
    const { host, at, id } = spot;
    const say = (what: string): void => broken('release', `${id} ${what}`);
    const current = currentOf(host, at);
    const unit = host.systemd.show(at.unit);
    if (current === '') {
      // A first install that was staged and never begun leaves its unit, which nothing starts.
      const staged = host.disk.has(`${at.I}/made-unit`);
      if (host.disk.has(`${SYSTEM}/${at.unit}`) && !staged) say('has a unit and no release');
      if (host.disk.has(at.wants)) say('is enabled and has no release');
      if (unit.pid !== 0) say('runs and has no release');
      continue;
    }
    const release = readRelease(host, at, current);
    if (release === undefined || !spot.known.has(current)) {
      say(`has the durable link to ${current.slice(0, 8)}, which is not there`);
      continue;
    }
    if (host.disk.read(`${SYSTEM}/${at.unit}`) !== release.unit) say('has the unit of another release');
    if (!host.disk.has(at.wants)) say('is not enabled');
    if (host.run.get(at.L) !== at.C) say('does not follow its durable link');
    if (host.systemd.needsReload(at.unit)) say('has a unit that systemd has not read');
    if (unit.pid !== 0 && unit.digest !== current)
      say(`runs ${unit.digest.slice(0, 8)} and not ${current.slice(0, 8)}`);
    if (host.systemd.program(current).kind === 'good' && !host.systemd.serves(at.unit)) say('does not serve');
  }
}

/** All that a second `pdeploy resume` could change. */
export function pictureOf(hosts: readonly Host[]): string {
  return JSON.stringify(
    hosts.map((host) => ({
      files: host.disk
        .below('')
        .filter((path) => !/\/(epoch|epoch\.new|lease\.(new|last)|\.lock)$/.test(path))
        .map((path) => [path, host.disk.read(path)]),
      run: [...host.run].sort(([a], [b]) => byName(a, b)),
      units: host.systemd.names().map((name) => [name, host.systemd.show(name)]),
      guards: host.guards(),
    })),
  );
}
