import type { Event } from '../../src/model/event.ts';
import type { Plan } from '../../src/model/plan.ts';
import { readLeaseOf } from './host/agent/lease.ts';
import { decidedOf } from './host/agent/look.ts';
import type { Effect, Host } from './host/host.ts';
import type { Broken } from './rules.ts';
import type { Spot } from './spot.ts';

type Story = {
  readonly plan: Plan;
  readonly waves: Map<string, number>;
  /** Instances that were begun and not reset, with their operation. */
  readonly begun: Map<string, string>;
};

/** Rules 2, 7 and 10: the record beside what the hosts did. */
export class Journal {
  readonly #spots: ReadonlyMap<string, Spot>;
  readonly #broken: Broken;
  readonly #stories = new Map<string, Story>();
  /** Operations that the record has named. */
  readonly #named = new Map<string, 'update' | 'revert'>();
  readonly #healthy = new Set<string>();
  /** Who was the last to get the lease of a host, and who has given it back, or said that it could not. */
  readonly #owners = new Map<string, string>();
  readonly #closed = new Set<string>();
  readonly #had = new Set<string>();

  constructor(spots: readonly Spot[], broken: Broken) {
    this.#spots = new Map(spots.map((spot) => [spot.id, spot]));
    this.#broken = broken;
  }

  begun(deployment: string, plan: Plan): void {
    if (!this.#stories.has(deployment))
      this.#stories.set(deployment, { plan, waves: new Map(), begun: new Map() });
  }

  effect(host: Host, { what, op, by, deployment }: Effect): void {
    if (what === 'grant') {
      this.#owners.set(host.name, deployment);
      this.#had.add(`${host.name} ${deployment}`);
    }
    if (what === 'finish') this.#closed.add(`${host.name} ${deployment}`);
    if (what !== 'activate' && what !== 'commit' && !(what === 'rollback' && by === 'controller')) return;
    const kind = this.#named.get(op);
    if (kind === undefined) this.#broken('journal', `${host.name}: ${what} of ${op}, which no record names`);
    if (what === 'commit' && kind === 'update' && !this.#healthy.has(op))
      this.#broken('journal', `${host.name}: ${op} was committed and no record calls it healthy`);
  }

  event(event: Event): void {
    const story = this.#stories.get(event.deployment);
    if (story === undefined) return;
    switch (event.type) {
      case 'wave.started':
        for (const id of event.instances) story.waves.set(id, event.wave);
        break;
      case 'update.started':
        this.#named.set(event.opId, 'update');
        this.#order(story, event.instance);
        story.begun.set(event.instance, event.opId);
        break;
      case 'revert.started':
        this.#named.set(event.opId, 'revert');
        break;
      case 'update.reset':
        story.begun.delete(event.instance);
        break;
      case 'instance.healthy':
        this.#healthy.add(story.begun.get(event.instance) ?? '');
        break;
      case 'instance.committed':
        this.#committed(story, event.instance);
        break;
      case 'instance.reverted':
        this.#reverted(event.deployment, event.instance, event.to);
        break;
      case 'note':
        if (event.text.includes('not closed')) this.#closed.add(`${event.host} ${event.deployment}`);
        break;
      case 'deployment.finished':
        this.#finished(story, event);
        break;
      default:
    }
  }

  #order(story: Story, instance: string): void {
    const mine = story.waves.get(instance);
    const open = [...story.begun].filter(
      ([id, op]) => story.waves.get(id) !== mine && !this.#isCommitted(id, op),
    );
    if (open.length <= story.plan.strategy.maxFailures) return;
    this.#broken('order', `${instance} is begun while ${open.map(([id]) => id).join(' ')} is not committed`);
  }

  #isCommitted(id: string, op: string): boolean {
    const spot = this.#spots.get(id);
    return spot?.host.disk.has(`${spot.at.I}/committed.${op}`) === true;
  }

  #committed(story: Story, id: string): void {
    const op = story.begun.get(id) ?? '';
    if (!this.#isCommitted(id, op))
      this.#broken('truth', `${id} is called committed, and its host has no such record`);
  }

  #reverted(deployment: string, id: string, to: string): void {
    const spot = this.#spots.get(id);
    if (spot === undefined || readLeaseOf(spot.host, spot.at.service)?.deployment !== deployment) return;
    const now = decidedOf(spot.host, spot.at);
    if (now !== to)
      this.#broken('truth', `${id} is called reverted to ${to.slice(0, 8)}, and is on ${now.slice(0, 8)}`);
  }

  /** More is never claimed of a release than there is. */
  #finished(story: Story, event: Extract<Event, { type: 'deployment.finished' }>): void {
    const { outcome, counts, deployment } = event;
    if (outcome === 'interrupted') return;
    const sides = { new: 0, old: 0 };
    for (const { id, from, to } of story.plan.hosts.flatMap((h) => h.instances)) {
      const spot = this.#spots.get(id);
      if (spot === undefined) continue;
      const now = decidedOf(spot.host, spot.at);
      const host = spot.host.name;
      // What it has become since this deployment gave it back, or without it, is another story.
      const own = `${host} ${deployment}`;
      const passed = (this.#closed.has(own) && this.#owners.get(host) !== deployment) || !this.#had.has(own);
      if (now === to || passed) sides.new += 1;
      if (now === from || passed) sides.old += 1;
    }
    const words = `${outcome}, ${counts.current} new and ${counts.old} old are claimed, ${sides.new} and ${sides.old} are`;
    if (counts.current > sides.new || counts.old > sides.old) this.#broken('truth', words);
    if (outcome === 'rolled-back' && sides.old < counts.total) this.#broken('truth', words);
  }
}
