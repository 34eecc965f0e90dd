import { createHash } from 'node:crypto';
import type { Made } from '../../src/execute/made.ts';
import type { Event } from '../../src/model/event.ts';
import type { Host as ModelHost } from '../../src/model/host.ts';
import { StateError } from '../../src/state/errors.ts';
import type { StateStore } from '../../src/state/port.ts';
import { isClean, isOpen, isWhole, pictureOf } from './aftermath.ts';
import { Clock, type Process } from './clock.ts';
import { deploy, type Ending, Killed, type Operator, settle, wordsOf } from './controller.ts';
import { type Fault, type MessageFault, pairOf } from './faults.ts';
import { always, bootHost, inventoryHost } from './fleet.ts';
import { enter } from './globals.ts';
import type { Blow, Effect, Host, HostWorld } from './host/host.ts';
import { bootServices } from './host/recover.ts';
import type { Job } from './host/step.ts';
import { Judge } from './judge.ts';
import { Network } from './network.ts';
import { Random } from './random.ts';
import { openRecord } from './records.ts';
import { type Releases, type ReleaseText, SERVICE, UNIT } from './releases.ts';
import type { Broken } from './rules.ts';
import { type Scenario, scenarioOf } from './scenario.ts';
import { type Spot, spotsOf } from './spot.ts';

export type Run = {
  readonly seed: number;
  readonly hash: string;
  /** Pairs of place and fault that came about. */
  readonly covered: readonly string[];
  readonly violations: readonly string[];
  readonly events: number;
  readonly outcomes: readonly string[];
};

const OLD: ReleaseText = { config: 'old\n', unit: UNIT };
/** What each operator rolls out. */
const CONFIGS = { ann: 'new\n', bob: 'newer\n' };
const FREEZE_MS = 600_000;
const LEASE_MS = 130_000;

/** One run: everything that happens follows from the seed. `say` gets the trace as it comes about. */
export async function simulate(seed: number, releases: Releases, say?: (line: string) => void): Promise<Run> {
  const world = new Simulation(seed, releases, say);
  enter(world);
  current = world;
  // Of the simulated world itself: it would end the worker without a word of the other seeds.
  return await world.run().catch((error: unknown) => {
    world.thrown(undefined, error);
    return world.end();
  });
}

let current: Simulation | undefined;

/** Of the whole process: whatever is thrown where nobody waits belongs to the run that goes on. */
export function catchStrays(): void {
  for (const kind of ['uncaughtException', 'unhandledRejection'])
    process.on(kind, (error: unknown) => current?.thrown(undefined, error));
}

type Controller = Process & {
  readonly operator: Operator;
  readonly stop: AbortController;
  readonly gone: AbortController;
  ended: boolean;
};

class Simulation {
  readonly clock = new Clock();
  readonly random: Random;
  readonly #seed: number;
  readonly #scenario: Scenario;
  readonly #releases: Releases;
  readonly #say: ((line: string) => void) | undefined;
  readonly #hash = createHash('sha256');
  readonly #covered = new Set<string>();
  readonly #reached = new Map<string, number>();
  readonly #left: Map<string, Fault>;
  readonly #hosts = new Map<string, Host>();
  readonly #inventory: readonly ModelHost[];
  readonly #network: Network;
  readonly #judge: Judge;
  readonly #operators: Operator[] = [];
  readonly #spots: Spot[];
  /** Those who were told that somebody else has deployed meanwhile. */
  readonly #overtaken = new Set<Operator>();
  readonly #controllers: Controller[] = [];
  readonly #outcomes: string[] = [];
  #events = 0;
  #comebacks: number[];

  constructor(seed: number, releases: Releases, say: ((line: string) => void) | undefined) {
    this.#seed = seed;
    this.#say = say;
    this.#releases = releases;
    this.random = new Random(seed ^ 0x5bd1e995);
    this.#scenario = scenarioOf(seed);
    this.#comebacks = [...this.#scenario.resumes];
    this.#left = new Map(this.#scenario.faults.map((fault) => [pairOf(fault), fault]));
    this.#inventory = Array.from({ length: this.#scenario.hosts }, (_, n) =>
      inventoryHost(`h${n + 1}`, this.#scenario.instances),
    );
    this.clock.onError = (process, error) => this.thrown(process as Controller | undefined, error);
    const trace = (line: string): void => this.#trace(line);
    this.#network = new Network({
      clock: this.clock,
      random: this.random,
      hosts: this.#hosts,
      fault: (_process, _host, verb) => this.#messageFault(verb),
      trace,
    });
    const world: HostWorld = {
      clock: this.clock,
      random: this.random,
      blow: (host, job, step) => this.#blow(host, job, step),
      power: (host, on) => this.#power(host, on),
      booted: (host) => this.#judge.booted(host),
      changed: (host) => this.#judge.changed(host),
      trace,
      boot: bootServices,
      effect: (host, effect) => this.#effect(host, effect),
    };
    for (const host of this.#inventory)
      this.#hosts.set(host.name, bootHost(world, host, this.#scenario, releases, OLD));
    this.#spots = this.#inventory.flatMap((host) =>
      spotsOf(host, this.#hosts.get(host.name) as Host, this.#digests(host)),
    );
    const { waves, canary = 0 } = this.#scenario.strategy;
    this.#judge = new Judge({
      clock: this.clock,
      spots: this.#spots,
      wave: Math.max(canary, ...(waves ?? []).map((amount) => amount.value)),
      firstInstall: this.#scenario.firstInstall,
      probesLie: this.#scenario.faults.some(({ kind }) => kind === 'probe says good'),
    });
    this.#programs();
  }

  async run(): Promise<Run> {
    this.#trace(`seed ${this.#seed} ${JSON.stringify(this.#scenario)}`);
    this.#come(this.#operator('ann'), 0);
    await this.#quiet();
    await this.#afterwards();
    return this.end();
  }

  end(): Run {
    for (const operator of this.#operators) operator.end();
    return {
      seed: this.#seed,
      hash: this.#hash.digest('hex'),
      covered: [...this.#covered],
      violations: this.#judge.violations,
      events: this.#events,
      outcomes: this.#outcomes,
    };
  }

  /** Until nothing goes on anywhere. */
  async #quiet(): Promise<void> {
    await this.clock.until(() => false);
    for (const controller of this.#controllers)
      if (!controller.ended) this.#judge.broken('process', `${controller.name} hangs`);
  }

  /** The trouble is over, and somebody cleans up: `pdeploy resume` until there is nothing left to resume, then once more. */
  async #afterwards(): Promise<void> {
    const broken: Broken = (rule, what) => this.#judge.broken(rule, what);
    const { settled } = this.#scenario;
    this.#comebacks = [];
    // Leases of those who are gone have ended by then.
    if (settled) await this.#wait();
    if (settled) await this.#settle();
    this.#left.clear();
    for (const host of this.#hosts.values()) host.systemd.lie = () => undefined;
    const lost = this.random.chance(0.2) || settled;
    await this.#wait();
    for (const operator of lost ? [] : [...this.#operators])
      for (let n = 0; n < 2 && operator.store.unfinished(SERVICE, 'sim') !== undefined; n += 1) {
        this.#come(operator, 0);
        await this.#quiet();
      }
    for (const operator of lost ? [] : this.#operators)
      if (operator.store.unfinished(SERVICE, 'sim') !== undefined && !this.#overtaken.has(operator))
        broken('again', `${operator.name} cannot finish`);
    const often = this.random.chance(0.25) || settled;
    if (often || isOpen(this.#spots)) await this.#settle();
    isClean(this.#spots, broken);
    isWhole(this.#spots, broken);
    if (often) {
      const picture = pictureOf([...this.#hosts.values()]);
      await this.#settle();
      if (pictureOf([...this.#hosts.values()]) !== picture)
        broken('again', 'a second resume changed something');
    }
    for (const { name, store } of this.#operators)
      if (!store.verifyChain().ok) broken('journal', `the chain of ${name} is broken`);
  }

  async #wait(): Promise<void> {
    this.clock.after(LEASE_MS, () => undefined);
    await this.#quiet();
  }

  /** `pdeploy resume` of somebody who has no record of anything. */
  async #settle(): Promise<void> {
    const controller = this.#controller(this.#operator('carl'));
    this.clock.after(0, () =>
      this.clock.wake(controller, () => {
        void settle(this.#network, controller, this.#inventory).then((ending) =>
          this.#end(controller, ending),
        );
      }),
    );
    await this.#quiet();
  }

  /** An error that nobody caught: the process would have ended with a stack trace. */
  thrown(process: Controller | undefined, error: unknown): void {
    if (error instanceof Killed) return;
    this.#judge.broken('process', `uncaught: ${error instanceof Error ? error.stack : String(error)}`);
    if (process !== undefined) this.#end(process, undefined);
  }

  #operator(name: string): Operator {
    const operator = { name, ...openRecord(name) };
    this.#operators.push(operator);
    return operator;
  }

  /** Somebody sits down to deploy, or to go on with what was begun. */
  #come(operator: Operator, ms: number): void {
    const controller = this.#controller(operator);
    this.clock.after(ms, () => this.clock.wake(controller, () => this.#deploy(controller)));
  }

  #controller(operator: Operator): Controller {
    const controller: Controller = {
      name: `${operator.name}${this.#controllers.length + 1}`,
      state: 'running',
      backlog: [],
      operator,
      stop: new AbortController(),
      gone: new AbortController(),
      ended: false,
    };
    this.#controllers.push(controller);
    return controller;
  }

  #deploy(controller: Controller): void {
    const { operator } = controller;
    const open = operator.store.unfinished(SERVICE, 'sim');
    this.#trace(`${controller.name} ${open === undefined ? 'rolls out' : `resumes ${open.id}`}`);
    const config = CONFIGS[operator.name as keyof typeof CONFIGS];
    void deploy(
      {
        network: this.#network,
        releases: this.#releases,
        before: (process, store, type) => this.#before(process as Controller, store, type),
        after: (process, _operator, event) => this.#after(process as Controller, event),
        interruption: () => ({ stop: controller.stop.signal, gone: controller.gone.signal }),
        begun: (_process, deployment, made: Made) => this.#judge.begun(deployment, made),
      },
      controller,
      operator,
      {
        hosts: this.#inventory,
        release: { config, unit: this.#scenario.newUnit },
        strategy: this.#scenario.strategy,
        ...(open === undefined ? {} : { resume: open.id }),
      },
    ).then((ending) => {
      const killed = ending.kind === 'threw' && ending.error instanceof Killed;
      this.#end(controller, killed ? undefined : ending);
    });
  }

  /** The process has ended, one way or the other. */
  #end(controller: Controller, ending: Ending | undefined): void {
    if (controller.ended) return;
    controller.ended = true;
    controller.state = 'dead';
    const words = ending === undefined ? 'killed' : wordsOf(ending);
    this.#trace(`${controller.name} ${words}`);
    this.#outcomes.push(words);
    if (ending !== undefined) this.#judge.ended(controller.name, ending);
    const { operator } = controller;
    if (words.includes('somebody has deployed')) this.#overtaken.add(operator);
    // Other processes see that this one is not there any more.
    for (const runner of operator.store.running()) operator.store.stopRunning(runner.deployment);
    const open = operator.store.unfinished(SERVICE, 'sim') !== undefined;
    const never = ending === undefined && operator.store.deployments().length === 0;
    if (!open && !never) return;
    const ms = this.#comebacks.shift();
    if (ms !== undefined) this.#come(operator, ms);
  }

  #before(controller: Controller, _store: StateStore, type: string): void {
    const place = `event.${type}`;
    if (this.#fires(place, 'kill-before')) this.#kill(controller);
    if (this.#fires(place, 'full')) throw new StateError('PD5002', 'no room left to write the record');
  }

  #after(controller: Controller, event: Event): void {
    this.#events += 1;
    this.#trace(`${controller.name} ${JSON.stringify(event)}`);
    this.#judge.event(event);
    const place = `event.${event.type}`;
    if (this.#fires(place, 'interrupt')) controller.stop.abort('Ctrl-C');
    if (this.#fires(place, 'gone')) controller.gone.abort();
    if (this.#fires(place, 'operator'))
      this.#come(this.#operator('bob'), this.random.pick([0, 100, 3_000, 50_000, 130_000]));
    if (this.#fires(place, 'freeze')) {
      this.#trace(`${controller.name} is frozen`);
      controller.state = 'stopped';
      this.clock.after(FREEZE_MS, () => this.clock.goOn(controller));
      if (this.random.chance(0.5) || this.#scenario.overtaken) this.#come(this.#operator('bob'), 150_000);
    }
    if (this.#fires(place, 'kill-after')) this.#kill(controller);
  }

  #kill(controller: Controller): never {
    this.clock.after(0, () => this.#end(controller, undefined));
    controller.state = 'dead';
    throw new Killed();
  }

  #messageFault(verb: string): MessageFault | undefined {
    const due = this.#scenario.faults.find(
      ({ place, kind }) => place === `call.${verb}` && this.#fires(place, kind),
    );
    return due && { kind: due.kind as MessageFault['kind'], ms: due.ms };
  }

  #blow(host: Host, job: Job, step: string): Blow | undefined {
    for (const fault of this.#scenario.faults) {
      if (fault.place !== `step.${step}` || !this.#fires(fault.place, fault.kind)) continue;
      this.#trace(`${host.name} ${fault.kind} at ${step} of ${job.name}`);
      this.#judge.blow(host, fault.kind as Blow, job.name);
      return fault.kind as Blow;
    }
    this.#say?.(`${time(this.clock)} ${host.name} ${job.name}: ${step}`);
    return undefined;
  }

  /** Whether a fault is due now. Each happens once. */
  #fires(place: string, kind: string): boolean {
    const pair = `${place} ${kind}`;
    const fault = this.#left.get(pair);
    if (fault === undefined) return false;
    const reached = (this.#reached.get(pair) ?? 0) + 1;
    this.#reached.set(pair, reached);
    if (reached < fault.nth) return false;
    this.#left.delete(pair);
    this.#covered.add(pair);
    return true;
  }

  #power(host: Host, on: boolean): void {
    if (!on) this.#network.lost(host);
  }

  #effect(host: Host, effect: Effect): void {
    this.#trace(`${host.name} ${effect.what} ${effect.op} ${effect.epoch} ${effect.by}`);
    this.#judge.effect(host, effect);
  }

  /** All releases that anybody brings in this story. */
  #digests(host: ModelHost): ReadonlySet<string> {
    const texts = [
      OLD,
      ...Object.values(CONFIGS).map((config) => ({ config, unit: this.#scenario.newUnit })),
    ];
    return new Set(texts.map((text) => this.#releases.compile(host, text).release.digest));
  }

  /** How releases behave on each host, and what is wrong all the time. */
  #programs(): void {
    [...this.#hosts.values()].forEach((host, n) => {
      const model = this.#inventory[n] as ModelHost;
      const old = this.#releases.compile(model, OLD).release.digest;
      const program = this.#scenario.programs[n] ?? { kind: 'good' };
      host.systemd.program = (digest) => (digest === old ? { kind: 'good' } : program);
    });
    for (const fault of this.#scenario.faults) {
      if (fault.place !== 'run') continue;
      this.#covered.add(pairOf(fault));
      for (const host of this.#hosts.values()) always(host, fault, this.random);
    }
  }

  #trace(line: string): void {
    const text = `${time(this.clock)} ${line}`;
    this.#hash.update(text);
    this.#say?.(text);
  }
}

const time = (clock: Clock): string => clock.now.toFixed(0).padStart(8);
