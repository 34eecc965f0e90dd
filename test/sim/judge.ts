import type { Made } from '../../src/execute/made.ts';
import type { Event } from '../../src/model/event.ts';
import type { Clock } from './clock.ts';
import type { Ending } from './controller.ts';
import { Drained } from './drained.ts';
import type { Blow, Effect, Host } from './host/host.ts';
import { Journal } from './journal.ts';
import { RULES, type Rule } from './rules.ts';
import type { Spot } from './spot.ts';
import { Turns } from './turns.ts';
import { Watch } from './watch.ts';

export type JudgeWorld = {
  readonly clock: Clock;
  readonly spots: readonly Spot[];
  readonly balancers: readonly Host[];
  readonly wave: number;
  readonly firstInstall: boolean;
  readonly probesLie: boolean;
};

const ENOUGH = 8;
/** Who is killed of these may leave a host on its way back until somebody asks. */
const WAYS_BACK = new Set(['guard', 'recover', 'rollback', 'settle', 'status', 'activate']);

/** Watches everything and says which rules were broken. */
export class Judge {
  readonly violations: string[] = [];
  readonly #watch: Watch;
  readonly #journal: Journal;
  readonly #turns: Turns;
  readonly #drained: Drained;

  constructor({ clock, spots, ...world }: JudgeWorld) {
    const broken = (rule: Rule, what: string): void => this.broken(rule, what);
    const after = (ms: number, run: () => void): void => {
      clock.after(ms, run);
    };
    this.#watch = new Watch({ ...world, after, spots, broken }, () => clock.now);
    this.#journal = new Journal(spots, broken);
    this.#turns = new Turns(broken);
    this.#drained = new Drained({ ...world, spots, broken, now: () => clock.now });
  }

  broken(rule: Rule, what: string): void {
    if (this.violations.length < ENOUGH) this.violations.push(`${rule}: ${what} [${RULES[rule]}]`);
  }

  begun(deployment: string, made: Made): void {
    this.#journal.begun(deployment, made.plan);
    this.#turns.begun(deployment, made);
  }

  event(event: Event): void {
    this.#journal.event(event);
    this.#drained.event(event);
  }

  effect(host: Host, effect: Effect): void {
    this.#watch.effect(host, effect);
    this.#journal.effect(host, effect);
    this.#turns.effect(host, effect);
    this.#drained.effect(host, effect);
  }

  changed(host: Host): void {
    this.#watch.changed(host);
    this.#drained.changed();
  }

  booted(host: Host): void {
    this.#watch.booted(host);
  }

  /** After some blows a host need not be in time. */
  blow(host: Host, kind: Blow, job: string): void {
    if (kind === 'full' || (kind === 'kill' && WAYS_BACK.has(job))) this.#watch.struck(host);
  }

  /** Errors that have a code are for people; any other would end the process with a stack trace. */
  ended(name: string, ending: Ending): void {
    if (ending.kind !== 'threw') return;
    const { error } = ending;
    if (error instanceof Error && 'code' in error) return;
    this.broken('process', `${name} threw ${error instanceof Error ? error.stack : String(error)}`);
  }
}
