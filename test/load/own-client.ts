import { Agent, request } from 'node:http';
import { type Load, newTally, pause } from './seen.ts';

type Answer = { readonly status: number; readonly release: string };

export type Lines = {
  readonly client: string;
  /** How many ask at once, each one request after the other. */
  readonly lines: number;
  readonly delayMs: number;
  /** A connection for each request, where it is false. */
  readonly kept?: boolean;
  /**
   * How often a request is sent again whose connection was closed before one byte of an answer, as clients do with a GET. It is told
   * apart. Default: 0.
   */
  readonly repeats?: number;
};

/** GETs, with a note of which release answered when. */
export function startGets(url: string, how: Lines): Load {
  return startLoop(how, (agent) => ask(agent, url, 'GET'));
}

/** Requests whose answers take seconds: what a drain has to wait for. */
export function startSlow(url: string, lines: number): Load {
  return startLoop({ client: 'slow answers', lines, delayMs: 10 }, (agent) => ask(agent, url, 'GET'));
}

/** One body of 20 MB after the other. */
export function startUploads(url: string): Load {
  const body = Buffer.alloc(20_000_000, 'x');
  const how = { client: '20 MB uploads', lines: 1, delayMs: 500 };
  return startLoop(how, (agent) => ask(agent, url, 'POST', body));
}

function startLoop(how: Lines, once: (agent: Agent | false) => Promise<Answer>): Load {
  const tally = newTally(how.client);
  let on = true;
  const attempt = async (agent: Agent | false, left: number): Promise<Answer> => {
    try {
      return await once(agent);
    } catch (error) {
      if (left === 0 || !(error as Failure).unanswered) throw error;
      tally.apart('sent again');
      return attempt(agent, left - 1);
    }
  };
  const line = async (): Promise<void> => {
    const agent = how.kept === false ? false : new Agent({ keepAlive: true, maxSockets: 1 });
    while (on) {
      tally.began();
      const asked = performance.now();
      try {
        const { status, release } = await attempt(agent, how.repeats ?? 0);
        if (status < 400) tally.answered(performance.now() - asked, release);
        else tally.failed(`status ${status}`);
      } catch (error) {
        tally.failed((error as Failure).message);
      }
      if (how.delayMs > 0) await pause(how.delayMs);
    }
    if (agent !== false) agent.destroy();
  };
  const all = Array.from({ length: how.lines }, line);
  return {
    timeline: tally.timeline,
    end: async () => {
      on = false;
      await Promise.all(all);
      return tally.seen();
    },
  };
}

class Failure extends Error {
  readonly unanswered: boolean;
  constructor(why: string, unanswered: boolean) {
    super(why);
    this.unanswered = unanswered;
  }
}

function ask(agent: Agent | false, url: string, method: string, body?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(url, { agent, method, timeout: 60_000 }, (res) => {
      res.resume();
      res.on('error', (error) => reject(new Failure(`cut: ${error.message}`, false)));
      res.on('end', () =>
        resolve({ status: res.statusCode ?? 0, release: String(res.headers['x-release'] ?? '') }),
      );
    });
    req.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      reject(new Failure(code, code === 'ECONNRESET' || code === 'EPIPE'));
    });
    req.on('timeout', () => req.destroy(new Error('timeout')));
    req.end(body);
  });
}
