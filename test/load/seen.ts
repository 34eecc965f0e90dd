/** How often, by kind. Only those that are not 0. */
export type Counts = { readonly [kind: string]: number };

/** What one kind of client saw. Times in milliseconds. */
export type Seen = {
  readonly client: string;
  /** A message over a WebSocket is one, and so is the opening of one. */
  readonly requests: number;
  /** Why: `connect`, `read`, `status 503`, ... */
  readonly failed: Counts;
  /** What is no failure by the client's own protocol, and is told all the same. */
  readonly apart?: Counts;
  /** Absent where no request was answered. */
  readonly p99Ms?: number;
};

/** Answers by second and release: what the picture is made of. */
export type Timeline = ReadonlyMap<number, ReadonlyMap<string, number>>;

/** A load that runs until it is ended. */
export type Load = {
  readonly end: () => Promise<Seen>;
  /** Where the client writes down which release answered. */
  readonly timeline?: Timeline;
};

/** What a client of our own counts while it asks. */
export type Tally = {
  readonly began: () => void;
  /** @param release which one it was that answered */
  readonly answered: (ms: number, release: string) => void;
  readonly failed: (kind: string) => void;
  readonly apart: (kind: string) => void;
  readonly timeline: Timeline;
  readonly seen: () => Seen;
};

export function newTally(client: string): Tally {
  const started = performance.now();
  const failed: Record<string, number> = {};
  const apart: Record<string, number> = {};
  const times: number[] = [];
  const timeline = new Map<number, Map<string, number>>();
  let requests = 0;
  const one = (counts: Record<string, number>, kind: string): void => {
    counts[kind] = (counts[kind] ?? 0) + 1;
  };
  return {
    timeline,
    began: () => {
      requests += 1;
    },
    answered: (ms, release) => {
      times.push(ms);
      const second = Math.floor((performance.now() - started) / 1_000);
      const counts = timeline.get(second) ?? new Map<string, number>();
      timeline.set(second, counts.set(release, (counts.get(release) ?? 0) + 1));
    },
    failed: (kind) => one(failed, kind),
    apart: (kind) => one(apart, kind),
    seen: () => ({ client, requests, failed, apart, ...p99(times) }),
  };
}

/** @param times milliseconds, in any order */
export function p99(times: readonly number[]): { readonly p99Ms?: number } {
  const sorted = [...times].sort((a, b) => a - b);
  const p99Ms = sorted[Math.floor((sorted.length - 1) * 0.99)];
  return p99Ms === undefined ? {} : { p99Ms };
}

export function counted(kinds: { readonly [kind: string]: string | number | undefined }): Counts {
  return Object.fromEntries(
    Object.entries(kinds).flatMap(([k, n]) => (Number(n ?? 0) > 0 ? [[k, Number(n)]] : [])),
  );
}

export function sum(counts: Counts): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
