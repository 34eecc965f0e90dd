import type { Event } from '../../src/model/event.ts';
import { drainNotes } from './host/agent/drain.ts';
import type { Effect, Host } from './host/host.ts';
import { byName } from './host/paths.ts';
import { SERVICE } from './releases.ts';
import type { Broken } from './rules.ts';
import type { Spot } from './spot.ts';

export type DrainedWorld = {
  readonly balancers: readonly Host[];
  readonly spots: readonly Spot[];
  readonly wave: number;
  readonly broken: Broken;
  readonly now: () => number;
};

type Out = { readonly since: number; readonly boots: ReadonlyMap<Host, number> };

/** Who falls asleep between the end of a drain and the next request cannot know it, milliseconds. */
const ASLEEP_MS = 60_000;
/** A restart that takes longer has died of something, milliseconds. The timer waits for nobody who was killed as well. */
const DIED_MS = 60_000;

/** Rule 12: what is out of traffic. */
export class Drained {
  readonly #balancers: readonly Host[];
  readonly #spots: readonly Spot[];
  readonly #wave: number;
  readonly #broken: Broken;
  /** Instances that a record calls drained, since when, and with the boot of each balancer then. */
  readonly #out = new Map<string, Out>();
  readonly #now: () => number;
  /** Those of them that restart, with the process that is to end, until another serves. */
  readonly #restarting = new Map<Spot, { readonly pid: number; readonly since: number }>();
  #most: number;
  /** Updates that have begun and were not followed by a revert, `<deployment> <instance>`; those of them that could not be drained. */
  readonly #updating = new Set<string>();
  readonly #refused = new Set<string>();

  constructor(world: DrainedWorld) {
    const { balancers, spots, wave, broken, now } = world;
    this.#now = now;
    this.#balancers = balancers;
    this.#spots = spots;
    this.#wave = wave;
    this.#broken = broken;
    this.#most = wave;
  }

  event(event: Event): void {
    const update = 'instance' in event ? `${event.deployment} ${event.instance}` : '';
    if (event.type === 'update.started') this.#updating.add(update);
    if (event.type === 'revert.started') this.#updating.delete(update);
    if (event.type === 'update.started' || event.type === 'revert.started') this.#refused.delete(update);
    if (event.type === 'drain.failed' && this.#updating.has(update)) this.#refused.add(update);
    if (event.type === 'drain.finished')
      this.#out.set(event.instance, {
        since: this.#now(),
        boots: new Map(this.#balancers.map((host) => [host, host.bootId])),
      });
    // A healthy one may be brought back; its host cannot drain it, should its controller die before the commit.
    const back = event.type === 'undrain.finished' || event.type === 'instance.healthy';
    if (back || event.type === 'drain.failed') this.#out.delete(event.instance);
  }

  effect(host: Host, { what, op, by }: Effect): void {
    if (what !== 'switch' && (what !== 'rollback' || by !== 'guard')) return;
    const state = what === 'switch' ? 'pending' : 'rolledback';
    const spot = this.#spots.find((one) => one.host === host && host.disk.has(`${one.at.I}/${state}.${op}`));
    const updates = [...this.#refused].filter((update) => op.startsWith(`${update.split(' ')[0]}-`));
    if (what === 'switch' && spot !== undefined && updates.some((update) => update.endsWith(` ${spot.id}`)))
      this.#broken('drained', `${spot.id} is switched and could not be drained`);
    const out = spot === undefined ? undefined : this.#out.get(spot.id);
    if (spot === undefined || out === undefined) return;
    if (what === 'switch' && this.#now() - out.since > ASLEEP_MS) {
      this.#out.delete(spot.id);
      return;
    }
    this.#restarting.set(spot, { pid: host.systemd.show(spot.at.unit).pid, since: this.#now() });
    this.changed();
  }

  changed(): void {
    for (const [spot, { pid, since }] of this.#restarting)
      if (this.#now() - since > DIED_MS) this.#restarting.delete(spot);
      else this.#inTraffic(spot, pid);
    const away = new Map<string, Set<string>>();
    for (const balancer of this.#balancers)
      for (const [server, deployment] of awayOn(balancer))
        away.set(deployment, (away.get(deployment) ?? new Set()).add(server));
    for (const [deployment, servers] of away) {
      if (servers.size <= this.#most) continue;
      // Told once for each that is too many.
      this.#most = servers.size;
      const names = [...servers].join(' ');
      this.#broken('drained', `${names} are out of traffic at once by ${deployment}, ${this.#wave} may`);
    }
  }

  /** A host without power, and a balancer that was started anew since, are nobody's doing here. */
  #inTraffic(spot: Spot, pid: number): void {
    const { host, at, id } = spot;
    const serves = host.systemd.serves(at.unit);
    const anew = serves && host.systemd.show(at.unit).pid !== pid;
    if (!host.on || host.booting || anew) this.#restarting.delete(spot);
    if (!host.on || host.booting || serves) return;
    for (const [balancer, boot] of this.#out.get(id)?.boots ?? []) {
      if (!balancer.on || balancer.bootId !== boot || isAway(balancer, spot)) continue;
      this.#restarting.delete(spot);
      this.#broken('drained', `${id} is in traffic on ${balancer.name} and does not serve`);
    }
  }
}

/** Servers that are out, and the deployment that has noted it. */
function awayOn(balancer: Host): readonly (readonly [server: string, deployment: string])[] {
  if (!balancer.on) return [];
  return drainNotes(balancer, SERVICE).flatMap((note) => {
    const [, deployment = '', ...target] = note.split(' ');
    const server = target.at(-1) ?? '';
    return balancer.haproxy?.servers.get(server)?.drained === true ? [[server, deployment] as const] : [];
  });
}

function isAway(balancer: Host, spot: Spot): boolean {
  return balancer.on && balancer.haproxy?.servers.get(serverOf(spot.id))?.drained === true;
}

/** The name of an instance on the balancers. */
export function serverOf(id: string): string {
  return id.replace('@', '-');
}

/** Nobody has come back, and every timer has fired. */
export function comesBack(balancers: readonly Host[], broken: Broken): void {
  for (const host of balancers)
    for (const [name, { drained }] of host.haproxy?.servers ?? [])
      if (drained) broken('drained', `${name} stays out of traffic on ${host.name}`);
}

/** Rule 9 for balancers: nothing is out, and nothing is noted. */
export function isBack(balancers: readonly Host[], broken: Broken): void {
  for (const host of balancers) {
    for (const [name, { drained }] of [...(host.haproxy?.servers ?? [])].sort(([a], [b]) => byName(a, b)))
      if (drained) broken('clean', `${name} is out of traffic on ${host.name}`);
    for (const note of drainNotes(host, SERVICE)) broken('clean', `${host.name} has the note ${note}`);
  }
}
