import type { Clock } from '../clock.ts';
import type { Job } from './step.ts';

type Waiting = { readonly job: Job; readonly got: (held: boolean) => void; over: boolean };
type Lock = { holders: Job[]; readonly queue: Waiting[] };

/** flock(2): held by open files, which children inherit; ends with the last process that has it open. */
export class Locks {
  readonly #locks = new Map<string, Lock>();

  take(key: string, job: Job, timeoutMs: number, clock: Clock, got: (held: boolean) => void): void {
    const lock = this.#of(key);
    if (lock.holders.length === 0) {
      lock.holders = [job];
      clock.after(0, () => got(true));
      return;
    }
    const waiting: Waiting = { job, got, over: false };
    lock.queue.push(waiting);
    clock.after(timeoutMs, () => {
      if (waiting.over) return;
      waiting.over = true;
      got(false);
    });
    this.#clock = clock;
  }

  #clock: Clock | undefined;

  /** A child that was forked while its parent held the lock. */
  inherit(key: string, parent: Job, child: Job): void {
    const lock = this.#of(key);
    if (lock.holders.includes(parent)) lock.holders.push(child);
  }

  give(key: string, job: Job): void {
    const lock = this.#of(key);
    if (!lock.holders.includes(job)) return;
    lock.holders = lock.holders.filter((one) => one !== job);
    this.#next(lock);
  }

  drop(job: Job): void {
    for (const [key, lock] of this.#locks) {
      for (const waiting of lock.queue) if (waiting.job === job) waiting.over = true;
      this.give(key, job);
    }
  }

  clear(): void {
    this.#locks.clear();
  }

  #next(lock: Lock): void {
    if (lock.holders.length > 0) return;
    for (let next = lock.queue.shift(); next !== undefined; next = lock.queue.shift()) {
      if (next.over) continue;
      const { job, got } = next;
      next.over = true;
      lock.holders = [job];
      this.#clock?.after(0, () => got(true));
      return;
    }
  }

  #of(key: string): Lock {
    const known = this.#locks.get(key);
    if (known !== undefined) return known;
    const lock: Lock = { holders: [], queue: [] };
    this.#locks.set(key, lock);
    return lock;
  }
}
