import type { Event, EventBody } from '../../src/model/event.ts';
import type { RolloutInput, RolloutInstance } from '../../src/model/rollout.ts';
import type { Action } from '../../src/rollout/action.ts';
import type { DeploymentState } from '../../src/rollout/state.ts';
import { type Random, random } from './random.ts';

/** The functions under test; a mutant has the same shape. */
export type Machine = {
  readonly start: (input: RolloutInput) => DeploymentState;
  readonly transition: (state: DeploymentState, event: Event) => DeploymentState;
  readonly decide: (state: DeploymentState, now: number) => readonly Action[];
};

export type Knobs = {
  readonly fail: number;
  readonly lost: number;
  readonly prepareFail: number;
  readonly command: number;
  readonly crash: number;
};

/** What an instance really runs, whatever the events say. */
export type Truth = 'from' | 'to' | 'down';

export type Trace = {
  readonly input: RolloutInput;
  readonly events: readonly Event[];
  readonly state: DeploymentState;
  readonly truth: ReadonlyMap<string, Truth>;
  /** Set when the machine got stuck, did not end or contradicted itself. */
  readonly broken: string | undefined;
};

/** One thing that happens during an operation: first in the world, then in the log. */
type Beat = { readonly truth?: Truth; readonly event?: EventBody };
type Op = {
  readonly key: string;
  readonly host?: string;
  readonly instance?: string;
  readonly kind: Action['kind'];
  readonly beats: Beat[];
  begun: boolean;
};

/** A small world that performs what the machine decides: hosts that answer, fail, get lost, a controller that dies. */
export class World {
  readonly #machine: Machine;
  readonly #input: RolloutInput;
  readonly #random: Random;
  readonly #knobs: Knobs;
  readonly #events: Event[] = [];
  readonly #ops = new Map<string, Op>();
  readonly #truth = new Map<string, Truth>();
  /** What the host will answer when it is asked about an operation that was cut off. */
  readonly #begun = new Map<string, boolean>();
  #state: DeploymentState;
  #now = 0;
  #crashes = 0;
  #broken: string | undefined;

  constructor(machine: Machine, input: RolloutInput, seed: number, knobs: Knobs) {
    this.#machine = machine;
    this.#input = input;
    this.#random = random(seed);
    this.#knobs = knobs;
    this.#state = machine.start(input);
    for (const i of input.instances) this.#truth.set(i.id, i.action === 'nothing' ? 'to' : 'from');
  }

  /** Goes on from recorded events, as a resume does. The truth is guessed by the same events. */
  static resume(machine: Machine, input: RolloutInput, prefix: readonly Event[], seed: number): Trace {
    const world = new World(machine, input, seed, {
      fail: 0.2,
      lost: 0.3,
      prepareFail: 0,
      command: 0,
      crash: 0,
    });
    for (const event of prefix) world.#take(event);
    world.#append({ type: 'deployment.resumed', actor: 'test' });
    return world.run();
  }

  run(): Trace {
    const limit = 400 + 60 * (this.#input.instances.length + this.#input.hosts.length);
    for (let round = 0; this.#state.finished === undefined; round += 1) {
      if (round > limit) this.#fail(`did not end within ${limit} rounds`);
      if (this.#broken !== undefined) break;
      this.#round();
      if (this.#outcome() === 'interrupted' && this.#random.chance(0.7)) this.#crash();
    }
    const left = this.#machine.decide(this.#state, this.#now);
    if (this.#broken === undefined && left.length > 0)
      this.#fail(`finished, but decides ${JSON.stringify(left)}`);
    return {
      input: this.#input,
      events: this.#events,
      state: this.#state,
      truth: this.#truth,
      broken: this.#broken,
    };
  }

  #outcome(): string | undefined {
    return this.#state.finished?.outcome;
  }

  #round(): void {
    this.#now += this.#random.below(900);
    if (this.#random.chance(this.#knobs.command)) this.#command();
    if (this.#random.chance(this.#knobs.crash) && this.#crashes < 4) {
      this.#crash();
      return;
    }
    const actions = this.#machine.decide(this.#state, this.#now);
    if (actions.length === 0 && this.#state.finished === undefined) {
      this.#fail('nothing is decided, but it has not finished');
      return;
    }
    const fresh = actions.filter((a) => a.kind !== 'wait' && !this.#ops.has(keyOf(a)));
    for (const action of fresh) {
      if (action.kind === 'emit') {
        this.#append(action.body);
        return;
      }
      if (action.kind !== 'wait') this.#begin(action);
      if (this.#random.chance(0.3)) return;
    }
    if (fresh.length === 0) this.#advance(actions.find((a) => a.kind === 'wait'));
  }

  #advance(wait: Extract<Action, { kind: 'wait' }> | undefined): void {
    const ops = [...this.#ops.values()];
    const op = ops[this.#random.below(ops.length)];
    if (op !== undefined) {
      this.#beat(op);
      return;
    }
    if (wait?.why === 'promote') {
      this.#append({
        type: this.#random.chance(0.9) ? 'deployment.promoted' : 'deployment.aborted',
        by: 'test',
      });
      return;
    }
    if (wait?.why === 'paused') {
      this.#append({ type: 'deployment.continued', by: 'test' });
      return;
    }
    if (wait?.until === undefined) {
      this.#fail(`waits for ever: ${JSON.stringify(wait)}`);
      return;
    }
    if (wait.until <= this.#now) {
      this.#fail(`waits for the past: ${JSON.stringify(wait)} at ${this.#now}`);
      return;
    }
    this.#now = wait.until;
  }

  #beat(op: Op): void {
    const beat = op.beats.shift();
    if (op.beats.length === 0) this.#ops.delete(op.key);
    if (beat === undefined) return;
    op.begun = true;
    this.#now += this.#random.below(5_000);
    if (op.instance !== undefined && beat.truth !== undefined) this.#truth.set(op.instance, beat.truth);
    if (beat.event !== undefined) this.#append(beat.event);
  }

  #begin(action: Exclude<Action, { kind: 'emit' | 'wait' }>): void {
    const key = keyOf(action);
    if (action.kind === 'prepare') {
      this.#ops.set(key, {
        key,
        kind: 'prepare',
        host: action.host,
        begun: false,
        beats: this.#prepare(action.host),
      });
      this.#append({ type: 'prepare.started', host: action.host });
      return;
    }
    const i = this.#input.instances.find((x) => x.id === action.instance);
    if (i === undefined) {
      this.#fail(`acts on an unknown instance ${action.instance}`);
      return;
    }
    const op = { key, kind: action.kind, instance: i.id, host: i.host, begun: false };
    if (action.kind === 'update') {
      this.#ops.set(key, { ...op, beats: this.#update(i) });
      this.#append({
        type: 'update.started',
        instance: i.id,
        opId: 'o',
        from: action.from,
        to: action.to,
      });
      return;
    }
    if (action.kind === 'revert') {
      if (action.to !== i.from) this.#fail(`reverts ${i.id} to ${action.to} and not to ${i.from}`);
      this.#ops.set(key, { ...op, beats: this.#revert(i) });
      this.#append({ type: 'revert.started', instance: i.id, opId: 'o', to: action.to });
      return;
    }
    this.#ops.set(key, {
      ...op,
      beats: action.during === 'update' ? this.#recheckUpdate(i) : this.#recheckRevert(i),
    });
    this.#append({ type: 'recheck.started', instance: i.id });
    return;
  }

  #prepare(host: string): Beat[] {
    const failure = { code: 'PD3300', message: 'cannot be prepared' };
    if (this.#random.chance(this.#knobs.prepareFail)) {
      return [{ event: { type: 'prepare.failed', host, failure, unreachable: this.#random.chance(0.8) } }];
    }
    return [
      { event: { type: 'prepare.finished', host, bytesSent: this.#random.pick([0, 9]), ms: 1, changes: [] } },
    ];
  }

  #update(i: RolloutInstance): Beat[] {
    const instance = i.id;
    const good: Beat[] = [
      { truth: 'to', event: { type: 'update.switched', instance, pid: 7, ms: 1 } },
      { event: { type: 'instance.healthy', instance, ms: 1, probes: 3 } },
      { event: { type: 'instance.committed', instance } },
    ];
    if (!this.#random.chance(this.#knobs.fail)) return good;
    return [...good.slice(0, this.#random.below(3)), this.#failure(i)];
  }

  #failure(i: RolloutInstance): Beat {
    const restored = !this.#random.chance(this.#knobs.lost);
    const failure = { code: 'PD4001', message: 'is not healthy' };
    const event: EventBody = {
      type: 'instance.failed',
      instance: i.id,
      failure,
      unreachable: !restored && this.#random.chance(0.5),
      restored,
    };
    return { truth: restored ? 'from' : 'down', event };
  }

  #revert(i: RolloutInstance): Beat[] {
    if (this.#random.chance(this.#knobs.fail * this.#knobs.lost)) {
      const failure = { code: 'PD4002', message: 'cannot go back' };
      return [{ truth: 'down', event: { type: 'revert.failed', instance: i.id, failure, fix: [] } }];
    }
    return [{ truth: 'from', event: { type: 'instance.reverted', instance: i.id, to: i.from, ms: 1 } }];
  }

  #recheckUpdate(i: RolloutInstance): Beat[] {
    if (this.#begun.get(i.id) === false)
      return [{ event: { type: 'update.reset', instance: i.id, why: 'not begun' } }];
    if (this.#random.chance(0.4)) return [this.#failure(i)];
    const committed: Beat = { truth: 'to', event: { type: 'instance.committed', instance: i.id } };
    if (this.#random.chance(0.5)) return [committed];
    const switched: Beat = { truth: 'to', event: { type: 'update.switched', instance: i.id, pid: 7, ms: 1 } };
    const healthy: Beat = { event: { type: 'instance.healthy', instance: i.id, ms: 1, probes: 1 } };
    return this.#random.chance(0.5) ? [switched, healthy, committed] : [healthy, committed];
  }

  #recheckRevert(i: RolloutInstance): Beat[] {
    if (this.#begun.get(i.id) === false)
      return [{ event: { type: 'update.reset', instance: i.id, why: 'not begun' } }];
    if (this.#random.chance(0.7)) return this.#revert(i);
    if (this.#random.chance(0.5)) return [this.#failure(i)];
    return [{ truth: 'to', event: { type: 'instance.committed', instance: i.id } }];
  }

  #command(): void {
    const by = 'test';
    const type = this.#random.pick([
      'paused',
      'continued',
      'promoted',
      'stopping',
      'aborted',
      'lost',
    ] as const);
    if (type === 'aborted' && this.#random.chance(0.6)) return;
    if (type === 'lost') {
      this.#append({ type: 'lease.lost', host: 'h0', holder: 'other' });
      return;
    }
    this.#append({ type: `deployment.${type}`, by });
  }

  /** The controller dies: what it had in hand goes on at the hosts, or never began. */
  #crash(): void {
    if (this.#crashes >= 8) return;
    this.#crashes += 1;
    for (const op of this.#ops.values()) {
      if (op.instance === undefined) continue;
      if (op.kind !== 'recheck') this.#begun.set(op.instance, op.begun || this.#random.chance(0.5));
      else if (op.begun) this.#begun.set(op.instance, true);
    }
    this.#ops.clear();
    const replayed = this.#events.reduce(this.#machine.transition, this.#machine.start(this.#input));
    this.#state = replayed;
    this.#append({ type: 'deployment.resumed', actor: 'test' });
  }

  #append(body: EventBody): void {
    this.#take({
      v: 1,
      seq: (this.#events.at(-1)?.seq ?? -1) + 1,
      at: '',
      t: this.#now,
      deployment: this.#input.deployment,
      ...body,
    });
  }

  #take(event: Event): void {
    this.#now = Math.max(this.#now, event.t);
    this.#events.push(event);
    this.#state = this.#machine.transition(this.#state, event);
    if (this.#machine.transition(this.#state, event) !== this.#state) {
      this.#fail(`${event.type} changes something when it comes twice`);
    }
  }

  #fail(why: string): void {
    this.#broken ??= why;
  }
}

function keyOf(action: Action): string {
  if (action.kind === 'prepare') return `prepare ${action.host}`;
  return 'instance' in action ? `${action.kind} ${action.instance}` : action.kind;
}

/** Maps shown as lists, so that states can be compared as text. */
export function plain(state: DeploymentState): unknown {
  return { ...state, hosts: [...state.hosts], instances: [...state.instances] };
}
