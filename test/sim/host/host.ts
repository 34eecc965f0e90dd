import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { Died } from './died.ts';
import { Disk, NoSpace } from './disk.ts';
import type { Haproxy } from './haproxy.ts';
import { Locks } from './locks.ts';
import type { Job, Script, Step } from './step.ts';
import { Systemd } from './systemd.ts';

/** What the world does to a host at a step. `undefined`: nothing. */
/** `dark`: without power for longer than anybody waits. */
export type Blow = 'power' | 'dark' | 'reboot' | 'kill' | 'full' | 'guard';

/** The world around a host. */
export type HostWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly blow: (host: Host, job: Job, step: string) => Blow | undefined;
  /** Before each power cut and after each boot. */
  readonly power: (host: Host, on: boolean) => void;
  /** What is enabled was started. */
  readonly booted: (host: Host) => void;
  /** Anything may have changed on the host. */
  readonly changed: (host: Host) => void;
  readonly trace: (line: string) => void;
  /** A decision about a trial, by whom: `controller`, `guard`, `reboot`. */
  readonly effect: (host: Host, effect: Effect) => void;
  /** From power on to the services. */
  readonly boot: (host: Host) => Script;
};

export type Effect = {
  readonly what: 'grant' | 'prepare' | 'activate' | 'switch' | 'commit' | 'rollback' | 'finish';
  readonly op: string;
  readonly deployment: string;
  readonly epoch: number;
  readonly by: string;
};

const GUARD = 'pdeploy-guard-';
const FULL_MS = 8_000;
const DARK_MS = 300_000;

/** A machine: disk, memory, systemd, and the processes of agents. */
export class Host {
  readonly name: string;
  readonly world: HostWorld;
  readonly disk = new Disk();
  /** /run: gone at a power cut. */
  run = new Map<string, string>();
  readonly systemd: Systemd;
  readonly locks = new Locks();
  /** Of a balancer. */
  haproxy?: Haproxy;
  on: boolean = true;
  /** From power on until what is enabled was started. */
  booting: boolean = false;
  bootId = 1;
  bootedAt: number;
  /** Realtime clock minus the controller's, milliseconds. */
  skewMs = 0;
  readonly #jobs = new Set<Job>();
  readonly #guards = new Map<string, { readonly fire: () => void; cancelled: boolean }>();

  constructor(name: string, world: HostWorld) {
    this.name = name;
    this.world = world;
    this.systemd = new Systemd(this);
    this.bootedAt = world.clock.now - 3_600_000;
  }

  /** 1/100 s since boot. */
  ticks(): number {
    return Math.floor((this.world.clock.now - this.bootedAt) / 10);
  }

  start(name: string, script: Script, onEnd: Job['onEnd'] = () => undefined): Job {
    const job: Job = { name, script, alive: true, ok: true, onEnd, waiting: [] };
    this.#jobs.add(job);
    this.#advance(job, true);
    return job;
  }

  /** SIGKILL. Children go on. */
  kill(job: Job): void {
    this.#end(job, 'killed', false);
  }

  /** A transient timer; its name is a mutex. */
  arm(name: string, ms: number, fire: () => void): boolean {
    if (this.#guards.has(name)) return false;
    const guard = { fire, cancelled: false };
    this.#guards.set(name, guard);
    this.world.clock.after(ms, () => this.#fire(name, guard));
    return true;
  }

  disarm(name: string): void {
    const guard = this.#guards.get(name);
    if (guard !== undefined) guard.cancelled = true;
    this.#guards.delete(name);
  }

  /** Of trials. */
  guards(): readonly string[] {
    return [...this.#guards.keys()].filter((name) => name.startsWith(GUARD));
  }

  /** All guards of trials, now. */
  fireGuards(): void {
    for (const [name, guard] of [...this.#guards]) if (name.startsWith(GUARD)) this.#fire(name, guard);
  }

  powerCut(offMs?: number): void {
    if (!this.on) return;
    this.world.trace(`${this.name} power cut`);
    this.on = false;
    this.booting = false;
    this.world.power(this, false);
    for (const job of [...this.#jobs]) this.#end(job, 'killed', false);
    for (const guard of this.#guards.values()) guard.cancelled = true;
    this.#guards.clear();
    this.locks.clear();
    this.systemd.off();
    this.haproxy?.off();
    this.run = new Map();
    this.disk.powerCut(this.world.random);
    this.disk.full = false;
    this.world.changed(this);
    this.world.clock.after(offMs ?? this.world.random.between(2_000, 9_000), () => this.#boot());
  }

  reboot(): void {
    this.disk.settle();
    this.powerCut();
  }

  #boot(): void {
    this.on = true;
    this.bootId += 1;
    this.bootedAt = this.world.clock.now;
    this.world.trace(`${this.name} boots`);
    this.world.power(this, true);
    this.booting = true;
    this.start('boot', this.world.boot(this), (how) => {
      if (how === 'killed') return;
      this.booting = false;
      this.world.booted(this);
    });
  }

  #fire(name: string, guard: { readonly fire: () => void; cancelled: boolean }): void {
    if (guard.cancelled) return;
    guard.cancelled = true;
    this.#guards.delete(name);
    this.world.trace(`${this.name} ${name} fires`);
    guard.fire();
  }

  #advance(job: Job, value: boolean): void {
    if (!job.alive) return;
    try {
      for (;;) {
        const next = job.script.next(value);
        if (next.done === true) {
          this.#end(job, 'exited', true);
          break;
        }
        if (this.#waits(job, next.value)) break;
      }
    } catch (error) {
      if (!(error instanceof NoSpace || error instanceof Died)) throw error;
      this.#end(job, 'exited', false);
    }
    this.world.changed(this);
  }

  /** False when the script can go on at once. */
  #waits(job: Job, step: Step): boolean {
    switch (step.kind) {
      case 'step':
        this.world.clock.after(step.ms, () => this.#due(job, step.name));
        return true;
      case 'join':
        this.#join(job, step.child);
        return true;
      case 'lock':
        this.locks.take(step.key, job, step.timeoutMs, this.world.clock, (held) => this.#advance(job, held));
        return true;
      case 'unlock':
        this.locks.give(step.key, job);
        return false;
      case 'fork':
        this.locks.inherit(step.key, job, this.start(step.name, step.script));
        return false;
    }
  }

  #join(job: Job, child: Job): void {
    if (child.alive) child.waiting.push((ok) => this.#advance(job, ok));
    else this.world.clock.after(0, () => this.#advance(job, child.ok));
  }

  #due(job: Job, step: string): void {
    if (!job.alive) return;
    switch (this.world.blow(this, job, step)) {
      case 'power':
        this.powerCut();
        return;
      case 'dark':
        this.powerCut(DARK_MS);
        return;
      case 'reboot':
        this.reboot();
        return;
      case 'kill':
        // Nobody kills the first process of a host.
        if (isInit(job)) break;
        this.kill(job);
        return;
      case 'full':
        this.disk.full = true;
        this.world.clock.after(FULL_MS, () => {
          this.disk.full = false;
        });
        break;
      case 'guard':
        this.fireGuards();
        break;
      case undefined:
    }
    this.#advance(job, true);
  }

  #end(job: Job, how: 'exited' | 'killed', ok: boolean): void {
    if (!job.alive) return;
    job.alive = false;
    job.ok = ok;
    this.#jobs.delete(job);
    this.locks.drop(job);
    job.onEnd(how);
    for (const tell of job.waiting.splice(0)) this.world.clock.after(0, () => tell(ok));
  }
}

/** systemd itself at work. */
export function isInit(job: Job): boolean {
  return job.name === 'boot' || job.name === 'systemd';
}
