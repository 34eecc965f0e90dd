import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** The wall clock at the start of every run. */
export const EPOCH = Date.parse('2026-11-22T22:00:00.000Z');

type World = { readonly clock: Clock; readonly random: Random };
type Timer = { cancelled: boolean; job?: { cancelled: boolean }; unref(): Timer; ref(): Timer };

let world: World | undefined;

/** Whose time and chance the code under test gets from now on. */
export function enter(next: World): void {
  world = next;
}

/**
 * Puts virtual time and seeded chance in the place of timers, clocks and random numbers, for good: this process
 * simulates and does nothing else. Node's own parts keep the real ones.
 */
export function takeOver(): void {
  const RealDate = Date;
  const now = (): number => EPOCH + Math.floor(world?.clock.told() ?? 0);
  class VirtualDate extends RealDate {
    constructor(...given: unknown[]) {
      if (given.length === 0) super(now());
      else super(...(given as [number]));
    }
    static override now(): number {
      return now();
    }
  }
  Object.assign(globalThis, {
    Date: VirtualDate,
    setTimeout: (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      start(() => run(...args), ms, false),
    setInterval: (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      start(() => run(...args), ms, true),
    clearTimeout: stop,
    clearInterval: stop,
  });
  Object.defineProperty(performance, 'now', { value: () => world?.clock.told() ?? 0 });
  Math.random = () => world?.random.next() ?? 0.5;
  const bytes = (size: number): Buffer =>
    Buffer.from(Array.from({ length: size }, () => Math.random() * 256));
  Object.assign(crypto, { randomBytes: bytes });
  syncBuiltinESMExports();
}

function start(run: () => void, ms: number, again: boolean): Timer {
  if (world === undefined) throw new Error('a timer outside of a simulation');
  const { clock } = world;
  const process = clock.process();
  const timer: Timer = { cancelled: false, unref: () => timer, ref: () => timer };
  const arm = (): void => {
    timer.job = clock.timer(Math.max(ms, 1), () => {
      clock.wake(process, () => {
        if (timer.cancelled) return;
        if (again) arm();
        run();
      });
    });
  };
  arm();
  return timer;
}

function stop(timer: Timer | undefined): void {
  if (timer === undefined) return;
  timer.cancelled = true;
  if (timer.job !== undefined) timer.job.cancelled = true;
}
