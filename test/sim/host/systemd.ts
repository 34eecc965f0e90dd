import { Died } from './died.ts';
import type { Host } from './host.ts';
import { CONTROL, SYSTEM } from './paths.ts';
import { at, type Script, type Step } from './step.ts';

/** How a release's program behaves once it was started. Times in milliseconds. */
export type Program =
  | { readonly kind: 'good' }
  /** Ends at once. */
  | { readonly kind: 'exits' }
  /** Runs, and answers 503. */
  | { readonly kind: 'sick' }
  /** Healthy, then ends. */
  | { readonly kind: 'dies'; readonly afterMs: number }
  /** Sick, then healthy. */
  | { readonly kind: 'slow'; readonly afterMs: number };

export type Unit = {
  active: 'inactive' | 'activating' | 'active' | 'deactivating' | 'failed';
  sub: string;
  result: string;
  pid: number;
  /** Release that the main process was started from, '' when there is none. */
  digest: string;
  /** Ticks since boot. */
  startedAt: number;
  /** Virtual time. */
  since: number;
  /** The unit text it was started with. */
  text: string;
};

const STOPPED: Unit = {
  active: 'inactive',
  sub: 'dead',
  result: 'success',
  pid: 0,
  digest: '',
  startedAt: 0,
  since: 0,
  text: '',
};

/** Units of one host: loaded texts, main processes, and what they do. */
export class Systemd {
  readonly #host: Host;
  readonly #units = new Map<string, Unit>();
  /** What systemd has read; an edit shows after a reload. */
  readonly #loaded = new Map<string, string>();
  #pids = 100;
  /** What each release does here. */
  program: (digest: string) => Program = () => ({ kind: 'good' });
  /** What a probe says instead of the truth. */
  lie: (unit: string) => 'good' | 'sick' | undefined = () => undefined;
  /** Where the link in /run leads, release by digest; undefined when it leads nowhere. */
  resolve: (unit: string) => string | undefined = () => undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  show(unit: string): Readonly<Unit> {
    return this.#units.get(unit) ?? STOPPED;
  }

  names(): readonly string[] {
    return [...this.#units.keys()];
  }

  /** Whether the files differ from what was read. */
  needsReload(unit: string): boolean {
    const loaded = this.#loaded.get(unit);
    return loaded !== undefined && loaded !== this.#text(unit);
  }

  reload(): void {
    for (const unit of this.#loaded.keys()) this.#loaded.set(unit, this.#text(unit));
  }

  /** `systemctl restart`: systemd goes on with it whoever asked and was killed. False when the start fails. */
  *restart(unit: string): Generator<Step, boolean, boolean> {
    return yield { kind: 'join', child: this.#host.start('systemd', this.#restart(unit)) };
  }

  *stop(unit: string): Generator<Step, void, boolean> {
    yield { kind: 'join', child: this.#host.start('systemd', this.#stop(unit)) };
  }

  *#restart(unit: string): Script {
    yield* this.#stop(unit);
    if (!(yield* this.startUnit(unit))) throw new Died('failed', 'the unit did not start');
  }

  *#stop(unit: string): Script {
    const now = this.#units.get(unit);
    if (now === undefined || now.pid === 0) return;
    now.active = 'deactivating';
    now.sub = 'stop-sigterm';
    this.#host.world.changed(this.#host);
    yield* at('systemd.stop', this.#host.world.random.between(5, 60));
    Object.assign(now, STOPPED);
  }

  /** False when the start fails. */
  *startUnit(unit: string): Generator<Step, boolean, boolean> {
    if (!this.#loaded.has(unit)) this.#loaded.set(unit, this.#text(unit));
    const text = this.#loaded.get(unit) ?? '';
    const state: Unit = { ...STOPPED, active: 'activating', sub: 'start', text };
    this.#units.set(unit, state);
    yield* at('systemd.start', this.#host.world.random.between(5, 40));
    return this.#begin(unit, state, text);
  }

  /** Without the time that it takes: what ran before the story begins. */
  startNow(unit: string): void {
    const text = this.#text(unit);
    this.#loaded.set(unit, text);
    const state: Unit = { ...STOPPED };
    this.#units.set(unit, state);
    this.#begin(unit, state, text);
  }

  #begin(unit: string, state: Unit, text: string): boolean {
    state.text = text;
    const digest = this.resolve(unit);
    if (digest === undefined || text === '') {
      Object.assign(state, {
        active: 'failed',
        sub: 'failed',
        result: text === '' ? 'resources' : 'exit-code',
      });
      return false;
    }
    this.#pids += 1;
    const { clock } = this.#host.world;
    Object.assign(state, { active: 'active', sub: 'running', pid: this.#pids, digest });
    state.startedAt = this.#host.ticks();
    state.since = clock.now;
    const program = this.program(digest);
    if (program.kind === 'exits') this.#endLater(state, 20);
    if (program.kind === 'dies') this.#endLater(state, program.afterMs);
    return true;
  }

  /** Whether it would answer a probe well now. */
  serves(unit: string): boolean {
    const state = this.show(unit);
    if (state.pid === 0 || state.active !== 'active') return false;
    const program = this.program(state.digest);
    if (program.kind === 'sick') return false;
    return program.kind !== 'slow' || this.#host.world.clock.now - state.since >= program.afterMs;
  }

  off(): void {
    this.#units.clear();
    this.#loaded.clear();
  }

  #endLater(state: Unit, ms: number): void {
    const { pid } = state;
    this.#host.world.clock.after(ms, () => {
      if (state.pid !== pid || state.active !== 'active') return;
      Object.assign(state, STOPPED, { active: 'failed', sub: 'failed', result: 'exit-code' });
      this.#host.world.changed(this.#host);
    });
  }

  #text(unit: string): string {
    return this.#host.run.get(`${CONTROL}/${unit}`) ?? this.#host.disk.read(`${SYSTEM}/${unit}`) ?? '';
  }
}
