import type { Event, EventOf } from '../../src/model/event.ts';
import type { RolloutInput, RolloutInstance } from '../../src/model/rollout.ts';
import { healthyFloor, waveSize } from '../../src/model/strategy.ts';
import { Ledger, type Seen } from './ledger.ts';
import { checkEnd } from './oracle-end.ts';

/**
 * Reads the log of a deployment and says which rules it breaks. It judges the history alone and knows nothing of the
 * machine's state, so that the two can only agree by both being right.
 */
export function violations(input: RolloutInput, events: readonly Event[]): readonly string[] {
  const reader = new Reader(input);
  for (const event of events) reader.read(event);
  return reader.found;
}

class Reader extends Ledger {
  read(event: Event): void {
    if (
      this.finished !== undefined &&
      !(event.type === 'deployment.resumed' && this.finished.outcome === 'interrupted')
    ) {
      // Commands may come late; nothing may be done.
      if (/^(prepare|wave|update|instance|revert|rollback|recheck|host)\./.test(event.type)) {
        this.bad(event, 'after the end');
        return;
      }
    }
    switch (event.type) {
      case 'prepare.started':
        this.#noStart(event);
        if (this.hard.length > 0 && !this.completed)
          this.bad(event, 'after another host could not be prepared');
        this.preparing.add(event.host);
        return;
      case 'prepare.finished':
        this.preparing.delete(event.host);
        this.prepared.add(event.host);
        this.away.delete(event.host);
        return;
      case 'prepare.failed':
        this.preparing.delete(event.host);
        if (event.unreachable || this.completed) this.away.add(event.host);
        if (!this.completed && !(event.unreachable && this.input.strategy.onUnreachable !== 'fail'))
          this.hard.push(event.host);
        return;
      case 'prepare.completed':
        if (this.preparing.size > 0 || this.hard.length > 0)
          this.bad(event, 'before every host was prepared');
        if (this.input.hosts.some((h) => !this.prepared.has(h.name) && !this.away.has(h.name)))
          this.bad(event, 'a host was forgotten');
        this.completed = true;
        this.progress = event.t;
        return;
      case 'wave.started':
        this.#waveStarted(event);
        return;
      case 'wave.finished':
        this.#waveFinished(event);
        return;
      case 'update.started':
        this.#updateStarted(event);
        return;
      case 'instance.healthy':
      case 'instance.committed':
      case 'instance.failed':
      case 'instance.reverted':
      case 'revert.failed':
      case 'update.reset':
        this.#result(event);
        return;
      case 'revert.started':
        this.#revertStarted(event);
        return;
      case 'rollback.started':
        this.#rollbackStarted(event);
        return;
      case 'deployment.paused':
        this.paused ??= event.t;
        return;
      case 'deployment.continued':
        if (this.paused !== undefined) this.progress += event.t - this.paused;
        this.paused = undefined;
        return;
      case 'deployment.promoted':
        if (this.promotionDue) this.progress = event.t;
        this.promotionDue = false;
        return;
      case 'deployment.stopping':
        this.stopping = true;
        return;
      case 'deployment.aborted':
        if (this.rollback === undefined && !this.aborted) {
          this.aborted = true;
          this.stopping = false;
        }
        return;
      case 'lease.lost':
        this.lease = true;
        return;
      case 'deployment.resumed':
        this.#resumed(event);
        return;
      case 'deployment.finished':
        checkEnd(this, event);
        return;
      default:
    }
  }

  /** Nothing new is begun while somebody said no. */
  #noStart(event: Event): void {
    if (this.stopping) this.bad(event, 'although it is stopping');
    if (this.lease) this.bad(event, 'although the lease is lost');
    if (event.type === 'revert.started') return;
    if (this.paused !== undefined) this.bad(event, 'although it is paused');
    if (this.aborted) this.bad(event, 'although it was aborted');
    if (this.rollback !== undefined) this.bad(event, 'during the rollback');
  }

  #waveStarted(event: EventOf<'wave.started'>): void {
    this.#noStart(event);
    const { strategy, waves } = this.input;
    if (!this.completed) this.bad(event, 'before everything is prepared');
    if (this.wave !== undefined) this.bad(event, `while wave ${this.wave.number} is open`);
    if (event.wave <= this.lastWave) this.bad(event, 'numbers go back');
    if (this.promotionDue) this.bad(event, 'before the canary was promoted');
    if (this.lastEnd !== undefined && event.t < this.lastEnd + strategy.pauseBetweenWavesMs)
      this.bad(event, 'before the pause was over');
    if (this.failures() > strategy.maxFailures) this.bad(event, 'after too many failures');
    const planned = waves.find((w) => w.number === event.wave);
    const most =
      planned?.instances.length ??
      waveSize(strategy.waves.at(-1) ?? { kind: 'count', value: 1 }, this.input.instances.length);
    if (event.instances.length > most)
      this.bad(event, `has ${event.instances.length} instances, at most ${most} may be`);
    if (event.instances.length === 0) this.bad(event, 'is empty');
    if (event.canary !== (planned?.canary ?? false)) this.bad(event, 'canary or not?');
    for (const id of event.instances) {
      if (planned !== undefined && !planned.instances.includes(id))
        this.bad(event, `${id} does not belong to it`);
      if (this.of(id).phase !== 'idle') this.bad(event, `${id} was already served`);
    }
    if (
      planned === undefined &&
      waves.some((w) => w.number > this.lastWave && w.instances.some((id) => this.ready(id)))
    ) {
      this.bad(event, 'deferred hosts before the planned waves');
    }
    this.wave = { number: event.wave, canary: event.canary, ids: event.instances };
    this.progress = event.t;
  }

  ready(id: string): boolean {
    return this.of(id).phase === 'idle' && this.prepared.has(this.plan(id).host);
  }

  #waveFinished(event: EventOf<'wave.finished'>): void {
    if (this.wave?.number !== event.wave) {
      this.bad(event, 'is not open');
      return;
    }
    for (const id of this.wave.ids) {
      const { phase, restored } = this.of(id);
      if (phase === 'idle' || phase === 'flying' || phase === 'unknown') this.bad(event, `${id} is ${phase}`);
      if (phase === 'failed' && !restored && this.input.strategy.rollback !== 'none')
        this.bad(event, `${id} is still down`);
    }
    this.promotionDue = this.wave.canary && this.input.strategy.promote === 'manual';
    this.lastWave = event.wave;
    this.lastEnd = event.t;
    this.wave = undefined;
  }

  #updateStarted(event: EventOf<'update.started'>): void {
    this.#noStart(event);
    const { strategy } = this.input;
    const plan = this.plan(event.instance);
    const seen = this.of(event.instance);
    if (!this.prepared.has(plan.host)) this.bad(event, 'its host was not prepared');
    if (seen.phase !== 'idle') this.bad(event, `it is ${seen.phase}`);
    if (plan.action === 'nothing') this.bad(event, 'there was nothing to do');
    if (this.wave?.ids.includes(event.instance) !== true) this.bad(event, 'is not in the open wave');
    if (this.flying().some((i) => i.host === plan.host)) this.bad(event, 'its host is busy');
    if (this.failures() > strategy.maxFailures) this.bad(event, 'after too many failures');
    if ([...this.seen.values()].some((s) => s.phase === 'unknown'))
      this.bad(event, 'while something is not known');
    if ([...this.seen.values()].some((s) => s.phase === 'lost'))
      this.bad(event, 'although something could not be taken back');
    if (
      strategy.rollback !== 'none' &&
      [...this.seen.values()].some((s) => s.phase === 'failed' && !s.restored)
    ) {
      this.bad(event, 'while a failed one is down');
    }
    if (event.t >= this.progress + strategy.progressDeadlineMs)
      this.bad(event, 'after the progress deadline');
    this.floor(event, plan);
    this.starts += 1;
    this.seen.set(event.instance, {
      ...seen,
      phase: 'flying',
      order: this.starts,
      reverting: false,
      gate: false,
    });
  }

  floor(event: Event, plan: RolloutInstance): void {
    const rule = this.input.strategy.minHealthyPerDomain;
    if (rule === undefined || !this.healthy(plan)) return;
    const domain = (i: RolloutInstance): string | undefined =>
      rule.domain === 'fleet' ? '' : this.input.hosts.find((h) => h.name === i.host)?.[rule.domain];
    const members = this.input.instances.filter((i) => domain(i) === domain(plan));
    const left = members.filter((i) => this.healthy(i)).length - 1;
    const floor = healthyFloor(rule.amount, members.length);
    if (left < floor) this.bad(event, `leaves ${left} of ${members.length} healthy, ${floor} must be`);
  }

  #result(event: Event & { instance: string; type: string }): void {
    const seen = this.of(event.instance);
    if (seen.phase !== 'flying') {
      this.bad(event, `it is ${seen.phase}`);
      return;
    }
    const set = (change: Partial<Seen>): void => {
      this.seen.set(event.instance, { ...seen, ...change });
    };
    switch (event.type) {
      case 'instance.healthy':
        this.progress = event.t;
        set({ gate: true });
        return;
      case 'instance.committed':
        if (!seen.gate && !seen.reverting) this.progress = event.t;
        set({ phase: 'done', reverting: false });
        return;
      case 'instance.failed': {
        const { restored } = event as EventOf<'instance.failed'>;
        if (seen.reverting)
          set({ phase: restored ? 'back' : 'lost', failed: seen.failed || !restored, reverting: false });
        else set({ phase: 'failed', failed: true, restored });
        return;
      }
      case 'instance.reverted':
        set({ phase: 'back', reverting: false });
        return;
      case 'revert.failed':
        set({ phase: 'lost', failed: true, reverting: false });
        return;
      default:
        if (seen.reverting) set({ phase: seen.failed ? 'failed' : 'done', reverting: false });
        else set({ phase: 'idle', order: 0 });
        return;
    }
  }

  #revertStarted(event: EventOf<'revert.started'>): void {
    const seen = this.of(event.instance);
    // What failed is brought back to safety even by one that is stopping.
    const saving = this.stopping && seen.phase === 'failed' && !this.lease;
    if (!saving) this.#noStart(event);
    if (!this.needsRevert(event.instance)) this.bad(event, `nothing to take back: ${seen.phase}`);
    if (this.flying().length > 0) this.bad(event, 'while another one is in hand');
    if (saving) {
      if (this.input.strategy.rollback === 'none') this.bad(event, 'nothing may be taken back');
    } else if (this.rollback === undefined) {
      if (seen.phase !== 'failed' || this.failures() > this.input.strategy.maxFailures)
        this.bad(event, 'without a rollback');
    } else {
      const at = this.rollback.ids.indexOf(event.instance);
      if (at < 0) this.bad(event, 'is not part of the rollback');
      if (at < this.rollback.next) this.bad(event, 'out of order');
      this.rollback.next = at;
    }
    this.seen.set(event.instance, { ...seen, phase: 'flying', reverting: true });
  }

  #rollbackStarted(event: EventOf<'rollback.started'>): void {
    if (this.stopping) this.bad(event, 'although it is stopping');
    if (this.lease) this.bad(event, 'although the lease is lost');
    if (this.flying().length > 0) this.bad(event, 'while something is in hand');
    const scope = this.input.strategy.rollback;
    const wave = this.wave?.ids ?? [];
    const want = this.input.instances
      .map((i) => i.id)
      .filter((id) => this.needsRevert(id))
      .filter(
        (id) =>
          scope === 'deployment' ||
          (scope !== 'none' && this.of(id).phase === 'failed') ||
          (scope === 'wave' && wave.includes(id)),
      )
      .sort((a, b) => this.of(b).order - this.of(a).order);
    if (want.join() !== event.instances.join())
      this.bad(event, `takes back ${event.instances.join()}, not ${want.join()}`);
    if (event.cause === '') this.bad(event, 'has no cause');
    this.rollback = { ids: [...event.instances], next: 0 };
  }

  #resumed(event: Event): void {
    for (const [id, s] of this.seen)
      if (s.phase === 'flying') this.seen.set(id, { ...s, phase: 'unknown', gate: false });
    // What the host answers about it comes as the result of an operation.
    for (const [id, s] of this.seen) if (s.phase === 'unknown') this.seen.set(id, { ...s, phase: 'flying' });
    this.preparing.clear();
    this.stopping = false;
    this.lease = false;
    this.finished = undefined;
    this.progress = event.t;
    if (this.paused !== undefined) this.paused = event.t;
  }
}
