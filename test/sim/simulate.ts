import { createHash } from 'node:crypto';
import type { Host as ModelHost } from '../../src/model/host.ts';
import { isClean, isOpen, isWhole, pictureOf } from './aftermath.ts';
import { Clock } from './clock.ts';
import { Killed } from './controller.ts';
import { comesBack, isBack } from './drained.ts';
import { Due } from './due.ts';
import { pairOf } from './faults.ts';
import { always, balance, bootHost, inventoryHost } from './fleet.ts';
import { enter } from './globals.ts';
import type { Blow, Effect, Host, HostWorld } from './host/host.ts';
import { bootServices } from './host/recover.ts';
import type { Job } from './host/step.ts';
import { Judge } from './judge.ts';
import { Network } from './network.ts';
import { CONFIGS, type Controller, People } from './people.ts';
import { Random } from './random.ts';
import { type Releases, type ReleaseText, SERVICE, UNIT } from './releases.ts';
import type { Broken } from './rules.ts';
import { type Scenario, scenarioOf } from './scenario.ts';
import { type Spot, spotsOf } from './spot.ts';
import { oneWins } from './turns.ts';

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
const LEASE_MS = 130_000;

/** One run: everything that happens follows from the seed. `say` gets the trace as it comes about. */
export async function simulate(
  seed: number,
  releases: Releases,
  say?: (line: string) => void,
  forced: readonly string[] = [],
): Promise<Run> {
  const world = new Simulation(seed, scenarioOf(seed, forced), releases, say);
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

class Simulation {
  readonly clock = new Clock();
  readonly random: Random;
  readonly #seed: number;
  readonly #scenario: Scenario;
  readonly #releases: Releases;
  readonly #say: ((line: string) => void) | undefined;
  readonly #hash = createHash('sha256');
  readonly #due: Due;
  readonly #hosts = new Map<string, Host>();
  readonly #inventory: readonly ModelHost[];
  readonly #balancers: readonly ModelHost[];
  readonly #network: Network;
  readonly #judge: Judge;
  readonly #people: People;
  readonly #spots: Spot[];

  constructor(
    seed: number,
    scenario: Scenario,
    releases: Releases,
    say: ((line: string) => void) | undefined,
  ) {
    this.#seed = seed;
    this.#say = say;
    this.#releases = releases;
    this.random = new Random(seed ^ 0x5bd1e995);
    this.#scenario = scenario;
    this.#due = new Due(this.#scenario.faults);
    this.#inventory = Array.from({ length: this.#scenario.hosts }, (_, n) =>
      inventoryHost(`h${n + 1}`, this.#scenario.instances),
    );
    this.#balancers = Array.from({ length: this.#scenario.balancers }, (_, n) =>
      inventoryHost(`lb${n + 1}`, 0),
    );
    this.clock.onError = (process, error) => this.thrown(process as Controller | undefined, error);
    const trace = (line: string): void => this.#trace(line);
    this.#network = new Network({
      clock: this.clock,
      random: this.random,
      hosts: this.#hosts,
      fault: (_process, _host, verb) => this.#due.message(verb),
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
    for (const host of [...this.#inventory, ...this.#balancers])
      this.#hosts.set(host.name, bootHost(world, host, this.#scenario, releases, OLD));
    this.#spots = this.#inventory.flatMap((host) =>
      spotsOf(host, this.#hosts.get(host.name) as Host, this.#digests(host)),
    );
    const balancers = this.#balancers.map((host) => this.#hosts.get(host.name) as Host);
    balance(balancers, this.#spots);
    const { waves, canary = 0 } = this.#scenario.strategy;
    this.#judge = new Judge({
      clock: this.clock,
      spots: this.#spots,
      balancers,
      wave: Math.max(canary, ...(waves ?? []).map((amount) => amount.value)),
      firstInstall: this.#scenario.firstInstall,
      probesLie: this.#scenario.faults.some(({ kind }) => kind === 'probe says good'),
    });
    this.#people = new People({
      clock: this.clock,
      random: this.random,
      scenario: this.#scenario,
      due: this.#due,
      network: this.#network,
      releases,
      inventory: this.#inventory,
      balancers: this.#balancers,
      judge: this.#judge,
      trace,
    });
    this.#programs();
  }

  async run(): Promise<Run> {
    this.#trace(`seed ${this.#seed} ${JSON.stringify(this.#scenario)}`);
    this.#people.begin();
    await this.#quiet();
    this.#atOnce();
    this.#alone();
    await this.#afterwards();
    return this.end();
  }

  end(): Run {
    for (const operator of this.#people.operators) operator.end();
    return {
      seed: this.#seed,
      hash: this.#hash.digest('hex'),
      covered: [...this.#due.covered],
      violations: this.#judge.violations,
      events: this.#people.events,
      outcomes: this.#people.outcomes,
    };
  }

  /** Until nothing goes on anywhere. */
  async #quiet(): Promise<void> {
    await this.clock.until(() => false);
    for (const { name } of this.#people.hanging()) this.#judge.broken('process', `${name} hangs`);
  }

  /** What brings a server back by itself may be killed as anything else. */
  #alone(): void {
    const struck = this.#scenario.faults.some(
      ({ place, kind }) => place.startsWith('step.undrain') && kind === 'kill',
    );
    if (!struck) comesBack(this.#balancing(), (rule, what) => this.#judge.broken(rule, what));
  }

  #balancing(): readonly Host[] {
    return this.#balancers.map((host) => this.#hosts.get(host.name) as Host);
  }

  #atOnce(): void {
    const { together, faults } = this.#scenario;
    if (together.length === 0 || faults.some(({ place }) => !/^(operators|run)$/.test(place))) return;
    oneWins(this.#people.endings(), (rule, what) => this.#judge.broken(rule, what));
  }

  /** The trouble is over, and somebody cleans up: `pdeploy resume` until there is nothing left to resume, then once more. */
  async #afterwards(): Promise<void> {
    const broken: Broken = (rule, what) => this.#judge.broken(rule, what);
    const { settled } = this.#scenario;
    this.#people.stayAway();
    // Leases of those who are gone have ended by then.
    if (settled) await this.#wait();
    if (settled) await this.#settle();
    this.#due.clear();
    for (const host of this.#hosts.values()) host.systemd.lie = () => undefined;
    const lost = this.random.chance(0.2) || settled;
    await this.#wait();
    for (const operator of lost ? [] : [...this.#people.operators])
      for (let n = 0; n < 2 && operator.store.unfinished(SERVICE, 'sim') !== undefined; n += 1) {
        this.#people.come(operator, 0);
        await this.#quiet();
      }
    for (const operator of lost ? [] : this.#people.operators)
      if (operator.store.unfinished(SERVICE, 'sim') !== undefined && !this.#people.overtaken.has(operator))
        broken('again', `${operator.name} cannot finish`);
    const often = this.random.chance(0.25) || settled;
    const balancers = this.#balancing();
    if (often || isOpen(this.#spots, balancers)) await this.#settle();
    isBack(balancers, broken);
    isClean(this.#spots, broken);
    isWhole(this.#spots, broken);
    if (often) {
      const picture = pictureOf([...this.#hosts.values()]);
      await this.#settle();
      if (pictureOf([...this.#hosts.values()]) !== picture)
        broken('again', 'a second resume changed something');
    }
    for (const { name, store } of this.#people.operators)
      if (!store.verifyChain().ok) broken('journal', `the chain of ${name} is broken`);
  }

  async #wait(): Promise<void> {
    this.clock.after(LEASE_MS, () => undefined);
    await this.#quiet();
  }

  async #settle(): Promise<void> {
    this.#people.settle();
    await this.#quiet();
  }

  /** An error that nobody caught: the process would have ended with a stack trace. */
  thrown(process: Controller | undefined, error: unknown): void {
    if (error instanceof Killed) return;
    this.#judge.broken('process', `uncaught: ${error instanceof Error ? error.stack : String(error)}`);
    if (process !== undefined) this.#people.end(process, undefined);
  }

  #blow(host: Host, job: Job, step: string): Blow | undefined {
    const kind = this.#due.step(step) as Blow | undefined;
    if (kind !== undefined) {
      this.#trace(`${host.name} ${kind} at ${step} of ${job.name}`);
      this.#judge.blow(host, kind, job.name);
      return kind;
    }
    this.#say?.(`${time(this.clock)} ${host.name} ${job.name}: ${step}`);
    return undefined;
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
    this.#inventory.forEach((model, n) => {
      const host = this.#hosts.get(model.name) as Host;
      const old = this.#releases.compile(model, OLD).release.digest;
      const program = this.#scenario.programs[n] ?? { kind: 'good' };
      host.systemd.program = (digest) => (digest === old ? { kind: 'good' } : program);
    });
    for (const fault of this.#scenario.faults) {
      if (fault.place !== 'run') continue;
      this.#due.covered.add(pairOf(fault));
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
