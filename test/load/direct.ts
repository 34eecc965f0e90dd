import { Agent, request } from 'node:http';

/** What came of a load: every request that was begun is in `answered` or in `failed`. */
export type Tally = {
  readonly answered: number;
  /** By the release that answered. */
  readonly byRelease: ReadonlyMap<string, number>;
  /** Connections that were closed before one byte of an answer; the request was sent again, as clients do with a GET. */
  readonly repeated: number;
  /** Why, with how often. */
  readonly failed: ReadonlyMap<string, number>;
  /** Milliseconds of one request, sorted. */
  readonly latencies: readonly number[];
};

export type Load = { readonly end: () => Promise<Tally> };

type Target = { readonly address: string; readonly port: number };
type Outcome = { readonly release: string } | { readonly failed: string; readonly unanswered: boolean };

const REPEATS = 2;

/**
 * GET requests without a balancer in between, one after the other on each of `kept` connections that stay open, and on `fresh`
 * lines that open a connection for each request.
 */
export function directLoad(target: Target, lines: { readonly kept: number; readonly fresh: number }): Load {
  const tally = { answered: 0, repeated: 0 };
  const byRelease = new Map<string, number>();
  const failed = new Map<string, number>();
  const latencies: number[] = [];
  let over = false;
  const line = async (agent: Agent | false): Promise<void> => {
    while (!over) {
      const began = performance.now();
      let outcome = await get(target, agent);
      for (let again = 0; again < REPEATS && 'failed' in outcome && outcome.unanswered; again += 1) {
        tally.repeated += 1;
        outcome = await get(target, agent);
      }
      latencies.push(performance.now() - began);
      if ('failed' in outcome) failed.set(outcome.failed, (failed.get(outcome.failed) ?? 0) + 1);
      else {
        tally.answered += 1;
        byRelease.set(outcome.release, (byRelease.get(outcome.release) ?? 0) + 1);
      }
    }
    if (agent !== false) agent.destroy();
  };
  const all = [
    ...Array.from({ length: lines.kept }, () => line(new Agent({ keepAlive: true, maxSockets: 1 }))),
    ...Array.from({ length: lines.fresh }, () => line(false)),
  ];
  return {
    end: async () => {
      over = true;
      await Promise.all(all);
      return { ...tally, byRelease, failed, latencies: latencies.sort((a, b) => a - b) };
    },
  };
}

function get({ address, port }: Target, agent: Agent | false): Promise<Outcome> {
  return new Promise((resolve) => {
    const asked = request({ host: address, port, path: '/load', agent, timeout: 10_000 }, (answer) => {
      const release = String(answer.headers['x-release'] ?? '');
      answer.resume();
      answer.on('error', (error) => resolve({ failed: `cut: ${error.message}`, unanswered: false }));
      answer.on('end', () =>
        resolve(
          answer.statusCode === 200
            ? { release }
            : { failed: `status ${answer.statusCode}`, unanswered: false },
        ),
      );
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 10 s')));
    asked.on('error', (error: NodeJS.ErrnoException) =>
      resolve({
        failed: error.code ?? error.message,
        unanswered: error.code === 'ECONNRESET' || error.code === 'EPIPE',
      }),
    );
    asked.end();
  });
}

/** Milliseconds that the given share of the requests took at most. */
export function percentile(tally: Tally, share: number): number {
  return tally.latencies[Math.floor((tally.latencies.length - 1) * share)] ?? 0;
}
