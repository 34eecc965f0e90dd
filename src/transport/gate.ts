/** Lets at most `limit` holders in at once; the others wait in order. */
export type Gate = {
  /** Resolves with the way out. Rejects with the signal's reason when it fires first. */
  enter(signal?: AbortSignal): Promise<() => void>;
  /** Does the work inside. */
  pass<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Holders now. */
  readonly inside: number;
  /** Lowers the limit for good, never below 1. False: it was that low already. */
  shrinkTo(limit: number): boolean;
};

export function createGate(initial: number): Gate {
  let limit = initial;
  let inside = 0;
  const waiting = new Set<() => void>();

  const next = (): void => {
    for (const admit of waiting) {
      if (inside >= limit) return;
      waiting.delete(admit);
      admit();
    }
  };
  const take = (): (() => void) => {
    inside += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inside -= 1;
      next();
    };
  };

  const enter = (signal?: AbortSignal): Promise<() => void> => {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    if (inside < limit && waiting.size === 0) return Promise.resolve(take());
    return new Promise((resolve, reject) => {
      const admit = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve(take());
      };
      const giveUp = (): void => {
        waiting.delete(admit);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      waiting.add(admit);
    });
  };

  return {
    enter,
    pass: async (work, signal) => {
      const leave = await enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
    get inside() {
      return inside;
    },
    shrinkTo: (wanted) => {
      const before = limit;
      limit = Math.max(1, Math.min(limit, wanted));
      return limit < before;
    },
  };
}
