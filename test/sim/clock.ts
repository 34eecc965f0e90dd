import { AsyncLocalStorage } from 'node:async_hooks';

/** A process of the simulated world that runs real code: a controller. */
export type Process = {
  readonly name: string;
  state: 'running' | 'stopped' | 'dead';
  /** What came while it was stopped. */
  backlog: (() => void)[];
  /** When one that is stopped goes on. */
  goesOn?: number;
};

type Job = {
  readonly at: number;
  readonly seq: number;
  readonly run: () => void;
  cancelled: boolean;
  of?: Process;
};

/** More virtual time than any run may take, milliseconds. */
const END_OF_TIME = 4 * 3_600_000;

/**
 * Virtual time for hosts and controllers alike. Jobs run in the order of their time, and of their making where that is
 * equal. After a job that woke a controller everything that follows from it is done before the next job begins.
 */
export class Clock {
  /** Milliseconds since the start of the run. */
  now = 0;
  /** What a job threw, which would have ended the process that it woke. */
  onError: (process: Process | undefined, error: unknown) => void = () => undefined;
  readonly #heap: Job[] = [];
  readonly #current = new AsyncLocalStorage<Process>();
  #seq = 0;
  #woke: boolean = false;

  at(time: number, run: () => void): Job {
    this.#seq += 1;
    const job = { at: Math.max(time, this.now), seq: this.#seq, run, cancelled: false };
    push(this.#heap, job);
    return job;
  }

  after(ms: number, run: () => void): Job {
    return this.at(this.now + ms, run);
  }

  /** A timer of the process whose code is running; dies with it. */
  timer(ms: number, run: () => void): Job {
    const of = this.process();
    return Object.assign(this.after(ms, run), of === undefined ? {} : { of });
  }

  /** The controller whose code is running. */
  process(): Process | undefined {
    return this.#current.getStore();
  }

  /** Lets a controller do something: never when it is dead, and only after it goes on when it is stopped. */
  wake(process: Process | undefined, run: () => void): void {
    if (process?.state === 'dead') return;
    if (process?.state === 'stopped') {
      process.backlog.push(run);
      return;
    }
    this.#woke = true;
    try {
      if (process === undefined) run();
      else this.#current.run(process, run);
    } catch (error) {
      this.onError(process, error);
    }
  }

  /** What a clock says to the code that is running. What a process still does when it was stopped, it does afterwards. */
  told(): number {
    const process = this.process();
    return process?.state === 'stopped' ? Math.max(this.now, process.goesOn ?? 0) : this.now;
  }

  /** Stops a controller for so long. */
  halt(process: Process, ms: number): void {
    process.state = 'stopped';
    process.goesOn = this.now + ms;
    this.after(ms, () => this.goOn(process));
  }

  /** A stopped controller gets everything that it missed, in its order. */
  goOn(process: Process): void {
    if (process.state !== 'stopped') return;
    process.state = 'running';
    for (const run of process.backlog.splice(0)) this.after(0, () => this.wake(process, run));
  }

  /** Runs jobs until `over` says so; false when nothing is left to do before that. */
  async until(over: () => boolean): Promise<boolean> {
    await settled();
    while (!over()) {
      const job = pop(this.#heap);
      if (job === undefined || this.now > END_OF_TIME) return false;
      if (job.cancelled || job.of?.state === 'dead') continue;
      this.now = job.at;
      this.#woke = false;
      job.run();
      if (this.#woke) await settled();
    }
    return true;
  }
}

const immediate = globalThis.setImmediate;

/** Every promise and every tick that follows from what was done is through when this one is. */
function settled(): Promise<void> {
  return new Promise((resolve) => immediate(resolve));
}

function before(a: Job, b: Job): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq);
}

function push(heap: Job[], job: Job): void {
  let at = heap.length;
  heap.push(job);
  while (at > 0) {
    const up = (at - 1) >> 1;
    const parent = heap[up] as Job;
    if (!before(job, parent)) break;
    heap[at] = parent;
    at = up;
  }
  heap[at] = job;
}

function pop(heap: Job[]): Job | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Job, heap[child] as Job)) child += 1;
    if (!before(heap[child] as Job, last)) break;
    heap[at] = heap[child] as Job;
    at = child;
  }
  heap[at] = last;
  return top;
}
