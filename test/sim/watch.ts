import { readRecord } from './host/agent/record.ts';
import { currentOf } from './host/agent/units.ts';
import type { Effect, Host } from './host/host.ts';
import type { Place } from './host/paths.ts';
import type { Broken } from './rules.ts';
import type { Spot } from './spot.ts';

/** Virtual time that a host has to be back after its guard's time, milliseconds. */
const GUARD_SLACK_MS = 2_000;

export type WatchWorld = {
  readonly after: (ms: number, run: () => void) => void;
  readonly spots: readonly Spot[];
  readonly broken: Broken;
  /** Instances that one wave may take down. */
  readonly wave: number;
  readonly firstInstall: boolean;
  /** What does not serve is said to be healthy. */
  readonly probesLie: boolean;
};

/** Rules 1 and 3 to 6, looked at whenever anything changes on a host. */
export class Watch {
  readonly #world: WatchWorld;
  readonly #down = new Set<Spot>();
  readonly #epochs = new Map<Host, number>();
  readonly #effects = new Set<string>();
  /** When somebody killed a process of the host or filled its disk: its guard need not be in time after that. */
  readonly #struck = new Map<Host, number>();
  #now: () => number;

  constructor(world: WatchWorld, now: () => number) {
    this.#world = world;
    this.#now = now;
  }

  struck(host: Host): void {
    this.#struck.set(host, this.#now());
  }

  changed(host: Host): void {
    for (const spot of this.#world.spots) {
      if (spot.host !== host) continue;
      this.#available(spot);
      this.#release(spot);
    }
  }

  effect(host: Host, effect: Effect): void {
    this.#fence(host, effect);
    this.#once(host, effect);
    if (effect.what === 'activate') this.#deadline(host, effect.op);
    if (effect.what === 'commit') this.#served(host, effect.op);
  }

  booted(host: Host): void {
    if (this.#struckSince(host, host.bootedAt)) return;
    for (const spot of this.#world.spots) {
      if (spot.host !== host) continue;
      const { at } = spot;
      const open = openTrials(host, at).filter(
        (file) => readRecord(host, `${at.I}/${file}`)?.boot !== String(host.bootId),
      );
      if (open.length > 0) this.#world.broken('guard', `${spot.id} has ${open.join(' ')} after a boot`);
      if (host.run.get(at.L) === at.C || !host.run.has(at.L)) continue;
      if (openTrials(host, at).length === 0)
        this.#world.broken('guard', `${spot.id} does not follow its durable link`);
    }
  }

  /** A host without power, or that is on its way up, and a release that is bad by itself, are nobody's doing here. */
  #available(spot: Spot): void {
    const { host, at } = spot;
    const { systemd } = host;
    const current = currentOf(host, at);
    const excused =
      !host.on || host.booting || this.#world.firstInstall || systemd.program(current).kind !== 'good';
    const seen = this.#world.probesLie && systemd.show(at.unit).active === 'active';
    if (excused || seen || systemd.serves(at.unit)) {
      this.#down.delete(spot);
      return;
    }
    if (this.#down.has(spot)) return;
    this.#down.add(spot);
    if (this.#down.size <= this.#world.wave) return;
    const names = [...this.#down].map((one) => one.id).join(' ');
    this.#world.broken('available', `${names} are down at once, ${this.#world.wave} may`);
  }

  #release({ host, at, id, known }: Spot): void {
    const unit = host.systemd.show(at.unit);
    if (unit.pid === 0) return;
    if (!known.has(unit.digest)) {
      this.#world.broken('release', `${id} runs ${unit.digest || 'nothing that is known'}`);
      return;
    }
    if (unit.digest === currentOf(host, at)) return;
    if (openTrials(host, at).length > 0) return;
    this.#world.broken(
      'release',
      `${id} runs ${unit.digest.slice(0, 8)}, which is neither committed nor on trial`,
    );
  }

  #deadline(host: Host, op: string): void {
    const spot = this.#world.spots.find(
      (one) => one.host === host && host.disk.has(`${one.at.I}/pending.${op}`),
    );
    if (spot === undefined) return;
    const { at } = spot;
    const trial = readRecord(host, `${at.I}/pending.${op}`);
    const began = this.#now();
    const boot = host.bootId;
    const left = ((trial?.deadline ?? 0) - host.ticks()) * 10;
    this.#world.after(left + GUARD_SLACK_MS, () => {
      if (host.bootId !== boot || !host.on || this.#struckSince(host, began)) return;
      const back = readRecord(host, `${at.I}/rolledback.${op}`);
      if (host.disk.has(`${at.I}/pending.${op}`))
        this.#world.broken('guard', `${spot.id} is on trial after its time`);
      else if (back !== undefined && back.restored === '')
        this.#world.broken('guard', `${spot.id} is not back 2 s after its guard's time`);
    });
  }

  #served(host: Host, op: string): void {
    const spot = this.#world.spots.find(
      (one) => one.host === host && host.disk.has(`${one.at.I}/committed.${op}`),
    );
    if (spot === undefined || this.#world.probesLie) return;
    const to = readRecord(host, `${spot.at.I}/committed.${op}`)?.to ?? '';
    if (/^(sick|exits)$/.test(host.systemd.program(to).kind))
      this.#world.broken('release', `${spot.id} commits a release that has never served`);
  }

  #struckSince(host: Host, time: number): boolean {
    return (this.#struck.get(host) ?? -1) >= time;
  }

  /** Going back takes no epoch from anybody: the guard does it with none. */
  #fence(host: Host, { what, epoch, deployment }: Effect): void {
    const newest = this.#epochs.get(host) ?? 0;
    if (what === 'grant') {
      if (epoch <= newest) this.#world.broken('fence', `${host.name} grants epoch ${epoch} after ${newest}`);
      this.#epochs.set(host, Math.max(epoch, newest));
      return;
    }
    if (what === 'rollback' || what === 'switch' || epoch >= newest) return;
    this.#world.broken('fence', `${host.name}: ${what} of ${deployment} with epoch ${epoch} after ${newest}`);
  }

  #once(host: Host, { what, op }: Effect): void {
    if (what !== 'switch' && what !== 'commit' && what !== 'rollback') return;
    // A record that was withdrawn before anything was changed is none. What was not safe yet a power cut forgets.
    const key = `${host.name} ${host.bootId} ${op}`;
    if (this.#effects.has(`${key} ${what}`))
      this.#world.broken('once', `${host.name}: ${what} of ${op} again`);
    if (what === 'commit' && this.#effects.has(`${key} rollback`))
      this.#world.broken('once', `${host.name}: ${op} was rolled back, then committed`);
    this.#effects.add(`${key} ${what}`);
  }
}

/** Records of trials that are not at their end. */
export function openTrials(host: Host, at: Place): readonly string[] {
  return host.disk.list(at.I).filter((file) => {
    if (file.startsWith('pending.')) return true;
    if (file.startsWith('committed.')) return readRecord(host, `${at.I}/${file}`)?.done === false;
    return file.startsWith('rolledback.') && readRecord(host, `${at.I}/${file}`)?.restored === '';
  });
}
