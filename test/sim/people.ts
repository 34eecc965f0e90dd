import type { Made } from '../../src/execute/made.ts';
import type { Event } from '../../src/model/event.ts';
import type { Host as ModelHost } from '../../src/model/host.ts';
import { StateError } from '../../src/state/errors.ts';
import type { Clock, Process } from './clock.ts';
import { deploy, type Ending, Killed, type Operator, settle, type Where, wordsOf } from './controller.ts';
import type { Due } from './due.ts';
import { drainsOf } from './fleet.ts';
import type { Judge } from './judge.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import { openRecord } from './records.ts';
import { type Releases, SERVICE } from './releases.ts';
import type { Scenario } from './scenario.ts';

/** What each operator rolls out. */
export const CONFIGS = { ann: 'new\n', bob: 'newer\n', cid: 'third\n', dot: 'fourth\n', eve: 'fifth\n' };

const FREEZE_MS = 600_000;

export type PeopleWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly scenario: Scenario;
  readonly due: Due;
  readonly network: Network;
  readonly releases: Releases;
  readonly inventory: readonly ModelHost[];
  readonly balancers: readonly ModelHost[];
  readonly judge: Judge;
  readonly trace: (line: string) => void;
};

export type Controller = Process & {
  readonly operator: Operator;
  /** How long its plan is looked at before it is performed, milliseconds. */
  readonly thinksMs: number;
  readonly stop: AbortController;
  readonly gone: AbortController;
  ended: boolean;
  ending?: Ending | undefined;
};

/** Those who deploy, and their processes. */
export class People {
  readonly operators: Operator[] = [];
  readonly outcomes: string[] = [];
  /** Those who were told that somebody else has deployed meanwhile. */
  readonly overtaken = new Set<Operator>();
  /** Events that were recorded. */
  events = 0;
  readonly #world: PeopleWorld;
  readonly #controllers: Controller[] = [];
  #comebacks: number[];

  constructor(world: PeopleWorld) {
    this.#world = world;
    this.#comebacks = [...world.scenario.resumes];
  }

  /** The first, and whoever looks at the hosts in the same moment. */
  begin(): void {
    const { due, scenario } = this.#world;
    const { together } = scenario;
    if (together.length > 0) due.covered.add(`operators ${together.length}`);
    const names = Object.keys(CONFIGS).slice(0, Math.max(1, together.length));
    for (const [n, name] of names.entries()) this.come(this.operator(name), 0, together[n]);
  }

  operator(name: string): Operator {
    const operator = { name, ...openRecord(name) };
    this.operators.push(operator);
    return operator;
  }

  /** Somebody sits down to deploy, or to go on with what was begun. */
  come(operator: Operator, ms: number, thinksMs = 0): void {
    const controller = this.#controller(operator, thinksMs);
    this.#world.clock.after(ms, () => this.#world.clock.wake(controller, () => this.#deploy(controller)));
  }

  /** `pdeploy resume` of somebody who has no record of anything. */
  settle(): void {
    const { clock, network } = this.#world;
    const controller = this.#controller(this.operator('carl'), 0);
    clock.after(0, () =>
      clock.wake(controller, () => {
        void settle(network, controller, this.#fleet()).then((ending) => this.end(controller, ending));
      }),
    );
  }

  /** Nobody comes back by himself from here on. */
  stayAway(): void {
    this.#comebacks = [];
  }

  /** How each process has ended, in the order of their coming; undefined: killed. */
  endings(): readonly (Ending | undefined)[] {
    return this.#controllers.map((controller) => controller.ending);
  }

  hanging(): readonly Controller[] {
    return this.#controllers.filter((controller) => !controller.ended);
  }

  /** The process has ended, one way or the other. */
  end(controller: Controller, ending: Ending | undefined): void {
    if (controller.ended) return;
    controller.ended = true;
    controller.ending = ending;
    controller.state = 'dead';
    const words = ending === undefined ? 'killed' : wordsOf(ending);
    this.#world.trace(`${controller.name} ${words}`);
    this.outcomes.push(words);
    if (ending !== undefined) this.#world.judge.ended(controller.name, ending);
    const { operator } = controller;
    if (words.includes('somebody has deployed')) this.overtaken.add(operator);
    // Other processes see that this one is not there any more.
    for (const runner of operator.store.running()) operator.store.stopRunning(runner.deployment);
    const open = operator.store.unfinished(SERVICE, 'sim') !== undefined;
    const never = ending === undefined && operator.store.deployments().length === 0;
    if (!open && !never) return;
    const ms = this.#comebacks.shift();
    if (ms !== undefined) this.come(operator, ms);
  }

  #controller(operator: Operator, thinksMs: number): Controller {
    const controller: Controller = {
      name: `${operator.name}${this.#controllers.length + 1}`,
      state: 'running',
      backlog: [],
      operator,
      thinksMs,
      stop: new AbortController(),
      gone: new AbortController(),
      ended: false,
    };
    this.#controllers.push(controller);
    return controller;
  }

  /** The hosts, and how what runs on them is taken out of traffic. */
  #fleet(): Where {
    const { inventory: hosts, balancers, scenario } = this.#world;
    return { hosts, balancers, drains: drainsOf(hosts, balancers, scenario.drainMs) };
  }

  #deploy(controller: Controller): void {
    const { operator, thinksMs } = controller;
    const { network, releases, scenario, judge, trace } = this.#world;
    const open = operator.store.unfinished(SERVICE, 'sim');
    trace(`${controller.name} ${open === undefined ? 'rolls out' : `resumes ${open.id}`}`);
    const config = CONFIGS[operator.name as keyof typeof CONFIGS];
    void deploy(
      {
        network,
        releases,
        before: (_process, _store, type) => this.#before(controller, type),
        after: (_process, _operator, event) => this.#after(controller, event),
        interruption: () => ({ stop: controller.stop.signal, gone: controller.gone.signal }),
        begun: (_process, deployment, made: Made) => judge.begun(deployment, made),
      },
      controller,
      operator,
      {
        ...this.#fleet(),
        release: { config, unit: scenario.newUnit },
        strategy: scenario.strategy,
        thinksMs,
        ...(open === undefined ? {} : { resume: open.id }),
      },
    ).then((ending) => {
      const killed = ending.kind === 'threw' && ending.error instanceof Killed;
      this.end(controller, killed ? undefined : ending);
    });
  }

  #before(controller: Controller, type: string): void {
    const { due } = this.#world;
    const place = `event.${type}`;
    if (due.fires(place, 'kill-before')) this.#kill(controller);
    if (due.fires(place, 'full')) throw new StateError('PD5002', 'no room left to write the record');
  }

  #after(controller: Controller, event: Event): void {
    const { due, judge, random, clock, scenario, trace } = this.#world;
    this.events += 1;
    trace(`${controller.name} ${JSON.stringify(event)}`);
    judge.event(event);
    const place = `event.${event.type}`;
    if (due.fires(place, 'interrupt')) controller.stop.abort('Ctrl-C');
    if (due.fires(place, 'gone')) controller.gone.abort();
    if (due.fires(place, 'operator'))
      this.come(this.operator('bob'), random.pick([0, 100, 3_000, 50_000, 130_000]));
    if (due.fires(place, 'freeze')) {
      trace(`${controller.name} is frozen`);
      clock.halt(controller, FREEZE_MS);
      if (random.chance(0.5) || scenario.overtaken) this.come(this.operator('bob'), 150_000);
    }
    if (due.fires(place, 'kill-after')) this.#kill(controller);
  }

  #kill(controller: Controller): never {
    this.#world.clock.after(0, () => this.end(controller, undefined));
    controller.state = 'dead';
    throw new Killed();
  }
}
